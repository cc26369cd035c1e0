import { headers as newHeaders } from '@nats-io/transport-node'
import type { ConnectionState } from '../../nats/connection.ts'
import type { OutgoingMessage, Published } from '../port.ts'
import type { Names } from './names.ts'
import type { Addressed, PubAcks } from './pub-acks.ts'

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
const addressed = (message: OutgoingMessage, { scoped }: Names, now: number): Addressed => {
  const { dedupe, data, headers: given, schedule } = message
  const subject = scoped(message.subject)
  if (dedupe === undefined && !given && !schedule) return { subject, data }
  const headers = newHeaders()
  if (dedupe !== undefined) headers.set('Nats-Msg-Id', dedupe)
  for (const [name, value] of given ?? []) headers.set(name, value)
  if (!schedule) return { subject, data, headers }
  if (schedule.at > now) {
    headers.set('Nats-Schedule', `@at ${new Date(schedule.at).toISOString()}`)
    headers.set('Nats-Schedule-Target', subject)
    return { subject: scoped(schedule.key), data, headers }
  }
  headers.set('Nats-Scheduler', scoped(schedule.key))
  headers.set('Nats-Schedule-Next', 'purge')
  return { subject, data, headers }
}

export const publisher =
  (pubAcks: PubAcks, connectionState: ConnectionState, names: Names) =>
  async (messages: readonly OutgoingMessage[]): Promise<Published[]> => {
    const now = Date.now()
    return await connectionState.whileUp(() =>
      windowed(messages, (message) => pubAcks.publish(addressed(message, names, now))),
    )
  }
