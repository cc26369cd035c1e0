import { randomUUID } from 'node:crypto'
import { notifySubject, type Queue, scheduleSubject, workSubject } from '@carillon/schemas'
import { onTestFinished, vi } from 'vitest'
import type { Message, Reader, Stream } from '../port.ts'

/** An event log of one test's own, and the fates that may befall it. */
export type World = {
  /** How one process sees the log. */
  stream: Stream
  /** Another process. Where the log is made for one, the same stream. */
  other(): Promise<Stream>
  /** The process dies without a word; the stream of the one that takes its place. */
  die(): Promise<Stream>
  /** The log itself dies without a word and comes back; a stream to go on with. */
  restart(): Promise<Stream>
  /** The log goes out of reach. */
  down(): Promise<void>
  end(): Promise<void>
}

/** `full`: a log that takes at most some 20 messages of 10 kB. `ackWaitMs` as the log was told. */
export type Harness = { open(options?: { full: boolean }): Promise<World>; ackWaitMs: number }

/** What the parts of the contract work with: worlds that end with their test, a tenant, and its messages. */
export const kitOf = ({ open, ackWaitMs }: Harness) => {
  const tenant = `t${randomUUID().slice(0, 8)}`
  const queue: Queue = 'notify-normal'
  const subject = notifySubject(tenant, 'normal', 'comment.created')
  const bytes = (text: string) => new TextEncoder().encode(text)
  const notify = (body: string, dedupe?: string) => ({
    subject,
    data: bytes(body),
    ...(dedupe && { dedupe: `${tenant} ${dedupe}` }),
  })

  /** Waits until that many have been taken. */
  const take = async (reader: Reader, count: number): Promise<Message[]> => {
    const taken = reader.take(count)
    while (taken.length < count) {
      await new Promise<void>((resolve) => reader.onReady(resolve))
      taken.push(...reader.take(count - taken.length))
    }
    return taken
  }

  return {
    ackWaitMs,
    world: async (options?: { full: boolean }) => {
      const made = await open(options)
      onTestFinished(made.end)
      return made
    },
    tenant,
    queue,
    subject,
    bytes,
    text: ({ data }: { data: Uint8Array }) => new TextDecoder().decode(data),
    notify,
    numbered: (count: number) => Array.from({ length: count }, (_, index) => notify(String(index))),
    later: (key: string, body: string, at: number, dedupe?: string) => ({
      ...notify(body, dedupe),
      subject: workSubject('due', 'high', tenant),
      schedule: { at, key: scheduleSubject(tenant, key) },
    }),
    eventually: (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 }),
    take,
    one: async (reader: Reader): Promise<Message> => {
      const [message] = await take(reader, 1)
      if (!message) throw new Error('nothing was taken')
      return message
    },
  }
}

export type Kit = ReturnType<typeof kitOf>
