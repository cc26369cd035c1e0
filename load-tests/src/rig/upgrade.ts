import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** Forwards the upgrade of a connection, such as a WebSocket, to a local port, and then its bytes in both directions. */
export const forwardUpgrade = (
  incoming: IncomingMessage,
  socket: Duplex,
  port: number,
  path = incoming.url,
) => {
  const upstream = connect(port, '127.0.0.1')
  const headers = incoming.rawHeaders.map((part, index) => part + (index % 2 === 0 ? ': ' : '\r\n'))
  upstream.write(`GET ${path} HTTP/1.1\r\n${headers.join('')}\r\n`)
  socket.pipe(upstream).pipe(socket)
  for (const [one, other] of [
    [socket, upstream],
    [upstream, socket],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy())
}
