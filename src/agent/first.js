// First: ports are watched from the first one on, not before.
//
// To look at MessagePort is to load it, with all of Node's streams, which a
// program that starts and ends pays dearly. Whoever makes a port, Node assigns
// this property to it, and nothing else: a setter above all ports is asked.
//
// What can go wrong: the program has put other classes into the globals (its
// are not asked for then); it has frozen what the setter is in (it stays).
let portsWatched = false;

// In Node 18 and 20 structuredClone() makes one too: nothing more is loaded
// for that. In newer ones to ask for the property is to load it.
function lazyGlobal(name) {
  return process.versions.node < '22' ?
    getOwnPropertyDescriptor(globalThis, name) : undefined;
}

function portClass(name, before) {
  const { get } = before && getOwnPropertyDescriptor(globalThis, name) || {};
  return get !== undefined && get === before.get ? globalThis[name] :
    require('worker_threads')[name];
}

function hearFirst(port, channel, broadcast) {
  if (portsWatched) return;
  portsWatched = true;
  deleteProperty(EventTarget.prototype, receivingPorts);
  const prototype = getPrototypeOf(port);
  if (typeof prototype.postMessage !== 'function') return;
  watchPorts(prototype, portClass('MessageChannel', channel),
             portClass('BroadcastChannel', broadcast));
}

function watchFirstPort() {
  const channel = lazyGlobal('MessageChannel');
  const broadcast = lazyGlobal('BroadcastChannel');
  defineProperty(EventTarget.prototype, receivingPorts, {
    configurable: true, enumerable: false,
    set(value) {
      defineProperty(this, receivingPorts, { value, configurable: true,
        enumerable: true, writable: true });
      try {
        hearFirst(this, channel, broadcast);
      } catch {}
    },
  });
}
