import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

/** All sockets read into one buffer, which is processed before the next read. */
const shared = Buffer.allocUnsafe(256 * 1_024)
const TEXT = 0x81
const [OPEN, PING, CONNECTED, EVENT, REFUSED] = ['0', '2', '40', '42', '44']

/** Builds a text frame of a client. The mask is required; a mask of zeros leaves the text unchanged. */
const frame = (text: string) => {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? [TEXT, 0x80 | body.length] : [TEXT, 0xfe, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body])
}

/** Calls `each` with start and end of the payload of every complete frame. Returns the offset of the rest. */
const frames = (data: Buffer, each: (start: number, end: number) => void): number => {
  let at = 0
  while (at + 2 <= data.length) {
    const short = (data[at + 1] ?? 0) & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + head > data.length) break
    const size =
      head === 2 ? short : head === 4 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2))
    const end = at + head + size
    if (end > data.length) break
    each(at + head, end)
    at = end
  }
  return at
}

export type WireOptions = {
  url: string
  /** The `auth` of the Socket.IO handshake. */
  auth: object
  /** Receives an event frame, `42[…]`: `data` from `start` to `end`, valid during the call only. */
  onEvent(data: Buffer, start: number, end: number): void
  /** Called when the connection is closed or cannot be opened. */
  onEnd(why: string): void
}

/**
 * Connects a minimal Socket.IO client: a plain socket that performs the upgrade, authenticates, answers pings and passes on
 * event frames unparsed, so that the server is measured and not the client. Resolves once connected.
 */
export const openWire = ({ url, auth, onEvent, onEnd }: WireOptions): Promise<{ close(): void }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    let rest: Buffer | undefined
    let upgraded = false
    const fail = (why: string) => {
      reject(new Error(why))
      onEnd(why)
    }
    const onFrame = (data: Buffer, start: number, end: number) => {
      const head = data.toString('latin1', start, Math.min(start + 2, end))
      if (head === EVENT) onEvent(data, start, end)
      else if (head === PING) socket.write(frame('3'))
      else if (head === CONNECTED) resolve({ close: () => socket.destroy() })
      else if (head === REFUSED) socket.destroy(new Error(`refused: ${data.toString('latin1', start, end)}`))
      else if (head.startsWith(OPEN)) socket.write(frame(`40${JSON.stringify(auth)}`))
    }
    const read = (length: number) => {
      const fresh = shared.subarray(0, length)
      let data = rest ? Buffer.concat([rest, fresh]) : fresh
      rest = undefined
      if (!upgraded) {
        const end = data.indexOf('\r\n\r\n')
        if (end >= 0) {
          if (!data.toString('latin1', 0, 12).endsWith('101'))
            socket.destroy(new Error(data.toString('latin1', 0, end)))
          upgraded = true
          data = data.subarray(end + 4)
        }
      }
      const done = upgraded ? frames(data, (start, end) => onFrame(data, start, end)) : 0
      if (done < data.length) rest = Buffer.from(data.subarray(done))
      return true
    }
    const socket = connect({ host: hostname, port: Number(port), onread: { buffer: shared, callback: read } })
    socket.setNoDelay(true)
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('the connection was closed'))
    socket.write(
      [
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
        `Host: ${hostname}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    )
  })
