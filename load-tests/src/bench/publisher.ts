import { connect, createInbox, headers, type Msg } from '@nats-io/transport-node'

type Outgoing = { subject: string; id: string; body: string }

export type Publisher = {
  /** Resolves when the stream has acknowledged all messages. */
  publish(messages: readonly Outgoing[]): Promise<void>
  close(): Promise<void>
}

type Batch = { left: number; late: NodeJS.Timeout; resolve(): void; reject(error: Error): void }

/** Text that only a negative PubAck contains. */
const REFUSED = '"error":{'
const STALL_MS = 30_000

/**
 * Creates a low-overhead publisher whose messages are still acknowledged one by one: a batch shares a reply subject and a
 * timer. `JetStreamClient.publish` costs three times as much, which would slow the measured system on a small machine.
 */
export const openPublisher = async (server: string): Promise<Publisher> => {
  const connection = await connect({ servers: server })
  const inbox = createInbox()
  const batches = new Map<string, Batch>()
  let next = 0

  const finish = (name: string, problem?: string) => {
    const batch = batches.get(name)
    batches.delete(name)
    clearTimeout(batch?.late)
    if (problem === undefined) batch?.resolve()
    else batch?.reject(new Error(`the stream refused a message: ${problem}`))
  }
  const acknowledged = (error: Error | null, message: Msg) => {
    const name = message.subject.slice(inbox.length + 1)
    const batch = batches.get(name)
    if (!batch) return
    const text = message.string()
    if (error || message.headers?.hasError) finish(name, error?.message ?? 'no stream has its subject')
    else if (text.includes(REFUSED)) finish(name, text)
    else if (--batch.left === 0) finish(name)
  }
  connection.subscribe(`${inbox}.*`, { callback: acknowledged })

  return {
    publish: (messages) =>
      new Promise((resolve, reject) => {
        const name = String(next++)
        const late = setTimeout(finish, STALL_MS, name, 'it did not respond')
        batches.set(name, { left: messages.length, late, resolve, reject })
        for (const { subject, id, body } of messages) {
          const header = headers()
          header.set('Nats-Msg-Id', id)
          connection.publish(subject, body, { headers: header, reply: `${inbox}.${name}` })
        }
      }),
    close: () => connection.close(),
  }
}
