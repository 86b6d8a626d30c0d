// First: ports are watched from the first one on, not before.
//
// To look at MessagePort is to load it, with all of Node's streams, which a
// program that starts and ends pays dearly. Whoever makes a port, Node assigns
// this property to it, and nothing else: a setter above all ports is asked.
//
// What can go wrong: the program has put other classes into the globals (its
// are not asked for then); it has frozen what the setter is in (it stays).
let portsWatched = false;

function hearFirst(port, found) {
  if (portsWatched) return;
  portsWatched = true;
  delete EventTarget.prototype[receivingPorts];
  const prototype = getPrototypeOf(port);
  if (typeof prototype.postMessage !== 'function') return;
  const [MessageChannel, BroadcastChannel] = found.map(([name, before]) => {
    const { get, value } = getOwnPropertyDescriptor(globalThis, name) || {};
    return get === before.get && value === before.value ? globalThis[name] :
      require('worker_threads')[name];
  });
  watchPorts(prototype, MessageChannel, BroadcastChannel);
}

function watchFirstPort() {
  const found = ['MessageChannel', 'BroadcastChannel'].map(
    (name) => [name, getOwnPropertyDescriptor(globalThis, name)]);
  defineProperty(EventTarget.prototype, receivingPorts, {
    configurable: true, enumerable: false,
    set(value) {
      defineProperty(this, receivingPorts, { value, configurable: true,
        enumerable: true, writable: true });
      try {
        hearFirst(this, found);
      } catch {}
    },
  });
}
