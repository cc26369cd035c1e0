import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

/** All sockets read into one buffer, which is processed before the next read. */
const shared = Buffer.allocUnsafe(256 * 1_024)
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10]
const FINAL = 0x80
/** Between the connection attempt and `ready`. */
const OPEN_MS = 30_000

/** Builds a frame of a client. The mask is required; a mask of zeros leaves the payload unchanged. */
const frame = (opcode: number, body: Buffer) => {
  const head =
    body.length < 126
      ? [FINAL | opcode, 0x80 | body.length]
      : [FINAL | opcode, 0xfe, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body])
}

/** Describes a close frame, whose payload is a code and a reason, or nothing. */
const closing = (payload: Buffer) => {
  const code = payload.length < 2 ? 'no code' : `code ${payload.readUInt16BE()}`
  return `the server closed the connection with ${code} ${payload.toString('utf8', 2)}`.trimEnd()
}

type OnFrame = (opcode: number, start: number, end: number) => void

/** Calls `each` with opcode, start and end of the payload of every complete frame. Returns the offset of the rest. */
const frames = (data: Buffer, each: OnFrame): number => {
  let at = 0
  while (at + 2 <= data.length) {
    const short = (data[at + 1] ?? 0) & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + head > data.length) break
    const size =
      head === 2 ? short : head === 4 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2))
    const end = at + head + size
    if (end > data.length) break
    each((data[at] ?? 0) & 15, at + head, end)
    at = end
  }
  return at
}

type Connection = {
  /** Sends a text message of at most 64 KiB. */
  send(text: string): void
  /** Call it once messages can be received: resolves the promise of `openWebSocket`. */
  ready(): void
  /** Closes the connection because of an error. */
  fail(why: string): void
}

export type WebSocketOptions = {
  /** `ws:` only: no TLS. */
  url: string
  headers?: Readonly<Record<string, string>>
  /** Called after the upgrade. */
  onOpen?(connection: Connection): void
  /** Receives a message in one frame, text or binary: `data` from `start` to `end`, valid during the call only. */
  onMessage(data: Buffer, start: number, end: number, connection: Connection): void
  /** Called when the connection is closed, cannot be opened, or is not ready in time. */
  onEnd(why: string): void
}

/**
 * Connects a minimal WebSocket client on a plain socket, so that the server is measured and not the client. It answers pings,
 * and passes on messages unparsed. Resolves once the connection is ready.
 */
export const openWebSocket = (options: WebSocketOptions): Promise<{ close(): void }> =>
  new Promise((resolve, reject) => {
    const { hostname, port, host, pathname, search } = new URL(options.url)
    let rest: Buffer | undefined
    let upgraded = false
    const fail = (why: string) => {
      clearTimeout(late)
      reject(new Error(why))
      options.onEnd(why)
    }
    const connection: Connection = {
      send: (text) => socket.write(frame(TEXT, Buffer.from(text))),
      ready: () => {
        clearTimeout(late)
        resolve({ close: () => socket.destroy() })
      },
      fail: (why) => socket.destroy(new Error(why)),
    }
    /** Returns the data after the head of the response to the upgrade; undefined if it is incomplete. */
    const upgrade = (data: Buffer): Buffer | undefined => {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) return
      upgraded = data.toString('latin1', 0, 12).endsWith('101')
      if (upgraded) options.onOpen?.(connection)
      else connection.fail(data.toString('latin1', 0, end))
      return data.subarray(end + 4)
    }
    const read = (length: number) => {
      const fresh = shared.subarray(0, length)
      const all = rest ? Buffer.concat([rest, fresh]) : fresh
      const data = (upgraded ? undefined : upgrade(all)) ?? all
      const onFrame: OnFrame = (opcode, start, end) => {
        if (opcode < CLOSE) options.onMessage(data, start, end, connection)
        else if (opcode === PING) socket.write(frame(PONG, data.subarray(start, end)))
        else if (opcode === CLOSE) connection.fail(closing(data.subarray(start, end)))
      }
      const done = upgraded ? frames(data, onFrame) : 0
      rest = done < data.length ? Buffer.from(data.subarray(done)) : undefined
      return true
    }
    const socket = connect({
      host: hostname,
      port: Number(port || 80),
      onread: { buffer: shared, callback: read },
    })
    const late = setTimeout(() => connection.fail(`not ready within ${OPEN_MS / 1_000} s`), OPEN_MS)
    socket.setNoDelay(true)
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('the connection was closed'))
    const headers = {
      host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...options.headers,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`)
  })
