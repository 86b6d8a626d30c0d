// Previews: a few bytes of a message for the screen, and its size where that
// costs nothing. Never a getter, never a proxy, never toJSON().
const types = require('util').types;
const quote = JSON.stringify;
const isArray = Array.isArray;
const { byteLength: abLength } = {
  byteLength: getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get,
};
const sabLength = typeof SharedArrayBuffer === 'function' ?
  getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength').get :
  null;
const viewLength = getOwnPropertyDescriptor(
  getPrototypeOf(Uint8Array.prototype), 'byteLength').get;

const plain = Object.prototype;
const plainList = Array.prototype;

const DEPTH = 3;
const KEYS = 8;

// Names of properties come again and again: quoted once.
const quoted = Object.create(null);
let quotedCount = 0;

function quoteName(name) {
  let text = quoted[name];
  if (text === undefined) {
    text = `${quote(name)}:`;
    if (name.length < 64 && quotedCount++ < 256) quoted[name] = text;
  }
  return text;
}

// "Buffer 12": what is named, not read. null: a plain object, or an array.
function named(value) {
  if (types.isProxy(value)) return 'Proxy';
  const above = getPrototypeOf(value);
  if (above === plain || above === plainList) return null; // as most are
  if (types.isSharedArrayBuffer(value)) {
    return `shared ${apply(sabLength, value, [])} bytes`;
  }
  if (types.isArrayBuffer(value)) {
    return `ArrayBuffer ${apply(abLength, value, [])}`;
  }
  if (types.isTypedArray(value)) {
    return `${types.isUint8Array(value) ? 'bytes' : 'TypedArray'} ${
      apply(viewLength, value, [])}`;
  }
  if (types.isMap(value)) return 'Map';
  if (types.isSet(value)) return 'Set';
  if (types.isDate(value)) return 'Date';
  if (types.isRegExp(value)) return 'RegExp';
  if (types.isNativeError(value)) return 'Error';
  return null;
}

function sketchObject(value, room, depth) {
  const array = isArray(value);
  const names = array ? null : keys(value);
  const count = array ? value.length : names.length;
  let text = array ? '[' : '{';
  for (let i = 0; i < count; i++) {
    if (i === KEYS || text.length >= room) {
      text += ',…';
      break;
    }
    const name = array ? i : names[i];
    const property = getOwnPropertyDescriptor(value, name);
    text += i ? ',' : '';
    if (!array) text += quoteName(name);
    text += property === undefined ? 'null' :
      'value' in property ?
        sketch(property.value, room - text.length, depth + 1) : '…';
  }
  return text + (array ? ']' : '}');
}

function sketch(value, room, depth) {
  switch (typeof value) {
    case 'string':
      return quote(value.length > room ? value.slice(0, room + 1) : value);
    case 'object': {
      if (value === null) return 'null';
      const name = named(value);
      if (name) return name;
      return depth === DEPTH ? '…' : sketchObject(value, room, depth);
    }
    case 'function':
    case 'symbol':
      return '…';
    default:
      return `${value}`;
  }
}

function cut(text, room) {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

// Node's own messages between a primary and a worker: what they are for.
function act(message) {
  if (typeof message.act === 'string') return message.act;
  return message.accepted !== undefined ? 'accepted' : 'ack';
}

function preview(message, internal) {
  if (internal) return message.cmd === 'NODE_CLUSTER' ? act(message) : '';
  if (!OPTIONS.preview) return '';
  return cut(sketch(message, OPTIONS.preview, 0), OPTIONS.preview);
}

// What is transferred: a list, or the one in an object of options.
const nothing = [];

function listOf(transfer) {
  if (typeof transfer !== 'object' || transfer === null ||
      types.isProxy(transfer)) return nothing;
  if (isArray(transfer)) return transfer;
  const list = getOwnPropertyDescriptor(transfer, 'transfer');
  return list && isArray(list.value) && !types.isProxy(list.value) ?
    list.value : nothing;
}

// What is transferred or shared goes first, or it would be cut.
function portPreview(message, transfer) {
  if (!OPTIONS.preview) return '';
  const count = listOf(transfer).length;
  const text = sketch(message, OPTIONS.preview, 0);
  return cut(count ? `transfer ${count}: ${text}` : text, OPTIONS.preview);
}

// Bytes of a message to a thread, where they are known without a clone.
function portSize(message) {
  if (typeof message === 'string') return message.length;
  if (typeof message !== 'object' || message === null ||
      types.isProxy(message)) return 0;
  if (types.isTypedArray(message)) return apply(viewLength, message, []);
  if (types.isArrayBuffer(message)) return apply(abLength, message, []);
  return 0;
}
