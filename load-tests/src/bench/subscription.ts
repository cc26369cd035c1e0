import { openWebSocket } from './websocket.ts'

/** How to receive over a plain WebSocket. */
export type Subscription = {
  url: string
  headers: Readonly<Record<string, string>>
  /** Messages that are sent after connecting. */
  first: readonly string[]
  /** Text in the message that confirms the subscription. Without it, a connection is ready after the upgrade. */
  ready?: string
  /** Answers to messages with exactly this text, such as pings of the protocol. */
  replies: Readonly<Record<string, string>>
}

/** Connects and subscribes. Resolves once messages can be received. `onMessage` gets all messages unparsed. */
export const openSubscription = (
  { url, headers, first, ready, replies }: Subscription,
  onMessage: (data: Buffer, start: number, end: number) => void,
  onEnd: (why: string) => void,
): Promise<{ close(): void }> => {
  const answers = Object.entries(replies).map(([text, answer]) => [Buffer.from(text), answer] as const)
  let waiting = ready
  return openWebSocket({
    ...{ url, headers, onEnd },
    onOpen: (connection) => {
      for (const text of first) connection.send(text)
      if (waiting === undefined) connection.ready()
    },
    onMessage: (data, start, end, connection) => {
      for (const [text, answer] of answers)
        if (text.length === end - start && text.compare(data, start, end) === 0) connection.send(answer)
      if (waiting !== undefined && data.toString('utf8', start, end).includes(waiting)) {
        waiting = undefined
        connection.ready()
      }
      onMessage(data, start, end)
    },
  })
}
