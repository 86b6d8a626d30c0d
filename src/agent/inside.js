// Inside: how to hear of what Node's own constructors put into an object,
// without making one and without replacing a constructor.

// Assignments to a property that a constructor makes: the object has what it
// would have had, and `then` hears of it.
function watchAssignments(prototype, key, then) {
  defineProperty(prototype, key, {
    configurable: true, enumerable: false,
    set(value) {
      defineProperty(this, key, { value, configurable: true,
        enumerable: true, writable: true });
      try {
        then(this, value);
      } catch {}
    },
  });
}

// Under which symbols Node keeps what it needs: a method asks its object for
// them. Which by description; `type` is what the object says it is.
function symbolsAsked(method, found, type) {
  const asked = new Proxy({}, { get(_, key) {
    found[key.description] = key;
    return key.description === 'kType' ? type : null;
  } });
  try {
    apply(method, asked, []);
  } catch {}
  return found;
}
