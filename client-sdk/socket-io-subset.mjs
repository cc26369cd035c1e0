/** The replacements of modules of Socket.IO, by path. */
const REPLACEMENTS = [
  // The client connects by WebSocket alone.
  [/engine\.io-client\/.*\/(polling-xhr|webtransport)\.js$/, 'export class XHR {}\nexport class WT {}'],
  // No message has binary data.
  [
    /socket\.io-parser\/.*\/is-binary\.js$/,
    'export const isBinary = () => false\nexport const hasBinary = isBinary',
  ],
  [
    /socket\.io-parser\/.*\/binary\.js$/,
    'export const deconstructPacket = () => {}\nexport const reconstructPacket = deconstructPacket',
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
  // The client reconnects by itself.
  [/socket\.io-client\/.*\/backo2\.js$/, 'export class Backoff {\nreset() {}\n}'],
]

/**
 * A plugin that removes unused parts of Socket.IO, which always imports them. A binary message closes the connection, as any
 * malformed one does.
 */
export const socketIoSubset = {
  name: 'socket-io-subset',
  load: {
    filter: { id: REPLACEMENTS.map(([path]) => path) },
    handler: (id) => REPLACEMENTS.find(([path]) => path.test(id))?.[1],
  },
}
