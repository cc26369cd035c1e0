import type { JetStreamClient, JetStreamPublishOptions } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { type ConnectionState, TIME_LIMIT_MS } from '../../nats/connection.ts'
import type { OutgoingMessage, Published } from '../port.ts'
import type { Names } from './names.ts'

/** Maximum outstanding PubAcks per call. */
const WINDOW = 512

/** Calls `send` for each item in order, with at most WINDOW outstanding. Stops at the first failure. */
export const windowed = async <Item, Answer>(
  items: readonly Item[],
  send: (item: Item) => Promise<Answer>,
): Promise<Answer[]> => {
  const answers = new Array<Answer>(items.length)
  // The senders share one iterator.
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
 * Publishes a scheduled message (NATS message schedules, ADR-51). The server stores it under its key, replaces an earlier
 * one, and publishes it to its subject when due, without its `Nats-Msg-Id`. A message that is already due is published
 * directly and also replaces the stored one.
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
  (jetstream: JetStreamClient, connectionState: ConnectionState, names: Names) =>
  async (messages: readonly OutgoingMessage[]): Promise<Published[]> => {
    const now = Date.now()
    return await connectionState.whileUp(() =>
      windowed(messages, async (message) => {
        const { subject, options } = addressed(message, names, now)
        const { seq, duplicate } = await jetstream.publish(subject, message.data, options)
        return { sequence: seq, duplicate }
      }),
    )
  }
