// A program that lets nobody change what all objects have, then makes ports.
'use strict';
Object.freeze(EventTarget.prototype);
const { port1, port2 } = new MessageChannel();
port2.onmessage = ({ data }) => {
  console.log('heard', data);
  port2.close();
};
port1.postMessage('hi');
