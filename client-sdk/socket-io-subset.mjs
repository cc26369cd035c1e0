/** What replaces a module of Socket.IO, by its path. */
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
 * A plugin that leaves out what the client does not use of Socket.IO, which always imports it: the polling and WebTransport
 * transports, and messages with binary data. A binary message closes the connection, as any malformed one does.
 */
export const socketIoSubset = {
  name: 'socket-io-subset',
  load: {
    filter: { id: STUBS.map(([path]) => path) },
    handler: (id) => STUBS.find(([path]) => path.test(id))?.[1],
  },
}
