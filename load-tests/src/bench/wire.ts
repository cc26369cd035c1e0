import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

/** All sockets read into one buffer: what one read brings is looked at before the next. */
const shared = Buffer.allocUnsafe(256 * 1_024)
const TEXT = 0x81
const [OPEN, PING, CONNECTED, EVENT, REFUSED] = ['0', '2', '40', '42', '44']

/** A text frame from a client. The mask is required; one of zeros leaves the text as it is. */
const frame = (text: string) => {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? [TEXT, 0x80 | body.length] : [TEXT, 0xfe, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body])
}

/** Calls `each` with the start and end of every whole frame's payload; answers where the rest begins. */
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
  /** An event frame is `data` from `start` to `end`, `42[…]`; valid during the call only. */
  onEvent(data: Buffer, start: number, end: number): void
  /** The connection ended, or never began. */
  onEnd(why: string): void
}

/**
 * The cheapest Socket.IO client there is: a plain socket that upgrades itself, shows its credentials, answers pings
 * and hands over event frames unread, so that what is measured is the server. Resolves once connected.
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
