import { randomUUID } from 'node:crypto'
import { notifySubject, type Queue, scheduleSubject, workSubject } from '@carillon/schemas'
import { expect, onTestFinished, vi } from 'vitest'
import type { Message, Reader, Stream } from '../port.ts'

/** An event log for one test, and faults to inject. */
export type World = {
  /** The stream of one process. */
  stream: Stream
  /** The stream of another process; the same stream if the log is for one process. */
  other(): Promise<Stream>
  /** Kills the process. Returns the stream of its replacement. */
  die(): Promise<Stream>
  /** Kills and restarts the log. Returns a stream to continue with. */
  restart(): Promise<Stream>
  /** Makes the log unreachable. */
  down(): Promise<void>
  end(): Promise<void>
}

/** `full`: opens a log with room for about 20 messages of 10 kB. `ackWaitMs`: the ack wait of the logs. */
export type Harness = { open(options?: { full: boolean }): Promise<World>; ackWaitMs: number }

/** The fixtures of the contract: logs that close with their test, a tenant, and its messages. */
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

  const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

  /** Resolves with `count` messages. */
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
      schedule: { at, key: scheduleSubject(tenant, 'delay', key) },
    }),
    /** Publishes a message after the log has forgotten its id. */
    publishOnce: (stream: Stream, message: ReturnType<typeof notify>) =>
      eventually(async () => expect(await stream.publish([message])).toMatchObject([{ duplicate: false }])),
    eventually,
    take,
    one: async (reader: Reader): Promise<Message> => {
      const [message] = await take(reader, 1)
      if (!message) throw new Error('nothing was taken')
      return message
    },
  }
}

export type Kit = ReturnType<typeof kitOf>
