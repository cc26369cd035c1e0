/**
 * An esbuild plugin that leaves the polling and WebTransport transports out of Engine.IO, which always imports them. The
 * client connects over WebSocket only, and the other transports are an eighth of the bundle.
 */
export const websocketOnly = {
  name: 'websocket-only',
  setup(build) {
    build.onLoad({ filter: /engine\.io-client.*[\\/](polling-xhr|webtransport)\.js$/ }, () => ({
      contents: 'export class XHR {}\nexport class WT {}',
    }))
  },
}
