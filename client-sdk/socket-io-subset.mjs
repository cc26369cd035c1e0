/** The replacements of modules of Socket.IO, by path. */
const REPLACEMENTS = [
  // The client connects by WebSocket alone.
  [/engine\.io-client\/.*\/(polling-xhr|webtransport)\.js$/, 'export class XHR {}\nexport class WT {}'],
  // All packets are text, in the default namespace and without acknowledgements.
  [
    /socket\.io-parser\/.*\/index\.js$/,
    `import { Emitter } from '@socket.io/component-emitter'
    export const PacketType = { CONNECT: 0, DISCONNECT: 1, EVENT: 2, ACK: 3, CONNECT_ERROR: 4 }
    export class Encoder {
      encode({ type, data }) {
        return [type + (data === undefined ? '' : JSON.stringify(data))]
      }
    }
    export class Decoder extends Emitter {
      add(packet) {
        const [, type, text] = /^([0-4])(.*)$/s.exec(packet)
        const data = text ? JSON.parse(text) : undefined
        // The client has listeners for its own events, such as \`disconnect\`.
        if (type === '2' && (typeof data[0] !== 'string' || /^(dis)?connect/.test(data[0]))) throw new Error('invalid payload')
        this.emitReserved('decoded', { type: Number(type), nsp: '/', data })
      }
      destroy() {}
    }`,
  ],
  [
    /engine\.io-parser\/.*\/encodePacket\.browser\.js$/,
    `import { PACKET_TYPES } from './commons.js'
    export const encodePacket = ({ type, data = '' }, supportsBinary, done) => done(PACKET_TYPES[type] + data)
    export const encodePacketToBinary = encodePacket`,
  ],
  [
    /engine\.io-parser\/.*\/decodePacket\.browser\.js$/,
    `import { ERROR_PACKET, PACKET_TYPES_REVERSE } from './commons.js'
    export const decodePacket = (packet) => {
      const type = typeof packet === 'string' && PACKET_TYPES_REVERSE[packet[0]]
      return type ? { type, data: packet.slice(1) } : ERROR_PACKET
    }`,
  ],
  // Each client has its own connection, to an origin, without a namespace.
  [
    /socket\.io-client\/.*\/index\.js$/,
    `import { Manager } from './manager.js'
    export const io = (origin, options) => new Manager(origin, options).socket('/', options)`,
  ],
  [
    /engine\.io-client\/.*\/parseuri\.js$/,
    `export const parse = (origin) => {
      const [, protocol, ipv6, host = ipv6, port] = /^(\\w+):\\/\\/(?:\\[(.*)\\]|([^:]*))(?::(\\d+))?$/.exec(origin)
      return { protocol, host, port }
    }`,
  ],
  // The removed functions serve polling, timestamps in URLs, and the options of WebSockets in Node.
  [
    /engine\.io-client\/.*\/util\.js$/,
    `export const pick = () => ({})
    export const byteLength = () => 0
    export const randomString = () => ''
    export const installTimerFunctions = (target) => {
      target.setTimeoutFn = setTimeout.bind(globalThis)
      target.clearTimeoutFn = clearTimeout.bind(globalThis)
    }`,
  ],
  // The client reconnects by itself.
  [/socket\.io-client\/.*\/backo2\.js$/, 'export class Backoff {\nreset() {}\n}'],
]

/**
 * A plugin that removes unused parts of Socket.IO, which always imports them. An unsupported message closes the connection, like
 * a malformed one.
 */
export const socketIoSubset = {
  name: 'socket-io-subset',
  load: {
    filter: { id: REPLACEMENTS.map(([path]) => path) },
    handler: (id) => REPLACEMENTS.find(([path]) => path.test(id))?.[1],
  },
}
