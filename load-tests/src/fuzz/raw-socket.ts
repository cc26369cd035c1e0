import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A WebSocket frame (RFC 6455, section 5.2), valid or not. */
export type Frame = {
  opcode: number
  payload: Uint8Array
  final: boolean
  /** RSV1 to RSV3, which must be 0 without extensions. */
  reserved: number
  masked: boolean
  /** The length in the header, if it differs from that of the payload. */
  length?: number
}

export const textFrame = (text: string): Frame => ({
  opcode: 1,
  payload: Buffer.from(text),
  final: true,
  reserved: 0,
  masked: true,
})

export const encodeFrame = ({
  opcode,
  payload,
  final,
  reserved,
  masked,
  length = payload.length,
}: Frame): Buffer => {
  const mask = masked ? randomBytes(4) : Buffer.alloc(0)
  const size = length < 126 ? Buffer.alloc(0) : Buffer.alloc(length < 65_536 ? 2 : 8)
  if (size.length === 2) size.writeUInt16BE(length)
  if (size.length === 8) size.writeBigUInt64BE(BigInt(length))
  const short = length < 126 ? length : size.length === 2 ? 126 : 127
  const head = Buffer.from([(final ? 0x80 : 0) | (reserved << 4) | opcode, (masked ? 0x80 : 0) | short])
  const body = masked ? Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))) : payload
  return Buffer.concat([head, size, mask, body])
}

const upgrade = (path: string, headers: Record<string, string>) =>
  [
    `GET ${path} HTTP/1.1`,
    ...Object.entries({
      host: 'localhost',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')

/** Opens a TCP connection, requests a WebSocket, and returns the socket with the response so far. */
export const openRaw = async (
  port: number,
  path = '/socket.io/?EIO=4&transport=websocket',
  headers: Record<string, string> = {},
): Promise<{ socket: Socket; heard: () => string; closed: Promise<unknown> }> => {
  const socket = connect({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.write(upgrade(path, headers))
  await Promise.race([once(socket, 'data'), closed])
  return { socket, heard: () => Buffer.concat(chunks).toString('latin1'), closed }
}
