import type { JetStreamClient, JetStreamPublishOptions } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { type Link, TIME_LIMIT_MS } from '../../nats/connection.ts'
import type { OutgoingMessage, Published } from '../port.ts'
import type { Names } from './names.ts'

/** PubAcks one call waits for at a time. */
const WINDOW = 512

/** Calls `send` for each item, in order, at most WINDOW unanswered; stops at the first failure. */
export const windowed = async <Item, Answer>(
  items: readonly Item[],
  send: (item: Item) => Promise<Answer>,
): Promise<Answer[]> => {
  const answers = new Array<Answer>(items.length)
  // One iterator: each sender goes on where the others are.
  const left = items.entries()
  let failed = false
  const run = async () => {
    try {
      for (const [index, item] of left) {
        if (failed) return
        answers[index] = await send(item)
      }
    } catch (error) {
      failed = true
      throw error
    }
  }
  await Promise.all(Array.from({ length: Math.min(WINDOW, items.length) }, run))
  return answers
}

/**
 * How a message waits, as NATS message schedules have it (ADR-51): stored under its key, where a later one takes
 * its place, until the server itself publishes it to its subject, without its `Nats-Msg-Id`. One that is due
 * already goes straight to its subject, and takes the place of the waiting one all the same.
 */
const addressed = (message: OutgoingMessage, { scoped }: Names, now: number) => {
  const { dedupe, headers: given, schedule } = message
  const subject = scoped(message.subject)
  const options: Partial<JetStreamPublishOptions> = { timeout: TIME_LIMIT_MS }
  if (dedupe !== undefined) options.msgID = dedupe
  if (given || schedule) options.headers = headers()
  for (const [name, value] of given ?? []) options.headers?.set(name, value)
  if (!schedule || !options.headers) return { subject, options }
  if (schedule.at > now) {
    options.headers.set('Nats-Schedule', `@at ${new Date(schedule.at).toISOString()}`)
    options.headers.set('Nats-Schedule-Target', subject)
    return { subject: scoped(schedule.key), options }
  }
  options.headers.set('Nats-Scheduler', scoped(schedule.key))
  options.headers.set('Nats-Schedule-Next', 'purge')
  return { subject, options }
}

export const publisher =
  (jetstream: JetStreamClient, link: Link, names: Names) =>
  async (messages: readonly OutgoingMessage[]): Promise<Published[]> => {
    const now = Date.now()
    return await link.during(() =>
      windowed(messages, async (message) => {
        const { subject, options } = addressed(message, names, now)
        const { seq, duplicate } = await jetstream.publish(subject, message.data, options)
        return { sequence: seq, duplicate }
      }),
    )
  }
