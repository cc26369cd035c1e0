import { openWebSocket } from './websocket.ts'

const [OPEN, PING, CONNECTED, EVENT, REFUSED] = ['0', '2', '40', '42', '44']

export type WireOptions = {
  url: string
  /** The `auth` of the Socket.IO handshake. */
  auth: object
  /** Receives an event frame, `42[…]`: `data` from `start` to `end`, valid during the call only. */
  onEvent(data: Buffer, start: number, end: number): void
  /** Called when the connection is closed or cannot be opened. */
  onEnd(why: string): void
}

/** Connects a minimal Socket.IO client, which passes on event frames unparsed. Resolves once connected. */
export const openWire = ({ url, auth, onEvent, onEnd }: WireOptions): Promise<{ close(): void }> =>
  openWebSocket({
    url: `${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`,
    onMessage: (data, start, end, connection) => {
      const head = data.toString('latin1', start, Math.min(start + 2, end))
      if (head === EVENT) onEvent(data, start, end)
      else if (head === PING) connection.send('3')
      else if (head === CONNECTED) connection.ready()
      else if (head === REFUSED) connection.fail(`refused: ${data.toString('latin1', start, end)}`)
      else if (head.startsWith(OPEN)) connection.send(`40${JSON.stringify(auth)}`)
    },
    onEnd,
  })
