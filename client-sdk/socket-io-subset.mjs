/** The replacements of modules of Socket.IO, by path. */
const STUBS = [
  [/engine\.io-client\/.*\/(polling-xhr|webtransport)\.js$/, 'export class XHR {}\nexport class WT {}'],
  [
    /socket\.io-parser\/.*\/is-binary\.js$/,
    'export const isBinary = () => false\nexport const hasBinary = isBinary',
  ],
  [
    /socket\.io-parser\/.*\/binary\.js$/,
    'export const deconstructPacket = () => {}\nexport const reconstructPacket = deconstructPacket',
  ],
]

/**
 * A plugin that removes unused parts of Socket.IO, which always imports them: the polling and WebTransport transports, and
 * messages with binary data. A binary message closes the connection, as any malformed one does.
 */
export const socketIoSubset = {
  name: 'socket-io-subset',
  load: {
    filter: { id: STUBS.map(([path]) => path) },
    handler: (id) => STUBS.find(([path]) => path.test(id))?.[1],
  },
}
