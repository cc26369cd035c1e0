import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { forwardUpgrade } from '../rig/upgrade.ts'

/** The page that the proxy serves at `/a-page`: a client with the options in the session storage. */
const PAGE = `<!doctype html><title>A page</title>
<script type="module">
  import { createClient } from '/client.js'
  const client = createClient({ url: '/', ...JSON.parse(sessionStorage.options) })
  const feed = client.feed()
  const notified = []
  client.on('notification', (item) => notified.push(item))
  feed.subscribe(() => {})
  globalThis.opened = { client, feed, notified }
</script>`

/**
 * Starts a reverse proxy of an app, which has a page of its own and passes every other request to the next of the hubs. With
 * `strict`, it refuses WebSockets.
 */
export const startAppProxy = async (ports: readonly number[], { strict = false } = {}) => {
  let turn = 0
  /** Polls have turns of their own, so that each one reaches another hub than the one before. */
  let polls = 0
  let refused = 0
  const polled = new Set<number>()
  const nextPort = () => ports[turn++ % ports.length]!
  const server = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming
    if (url === '/a-page') return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    const isPoll = url.startsWith('/v1/live')
    const port = isPoll ? ports[polls++ % ports.length]! : nextPort()
    if (isPoll) polled.add(port)
    const outgoing = request({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    if (strict) {
      refused++
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    forwardUpgrade(incoming, socket, nextPort())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** The ports of the hubs that got polls. */
    polled: () => [...polled],
    /** The number of refused WebSockets. */
    refused: () => refused,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
