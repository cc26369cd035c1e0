import { type ApiError, JetStreamApiError } from '@nats-io/jetstream'
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import { UnavailableError } from '../../errors.ts'
import { inboxPrefixOf, TIME_LIMIT_MS } from '../../nats/connection.ts'
import type { Published } from '../port.ts'

/** A message to publish, with the headers of JetStream. */
export type Addressed = { subject: string; data: Uint8Array; headers?: MsgHdrs }

type Waiting = {
  message: Addressed
  /** When the time limit ends, epoch ms. */
  until: number
  resolve(published: Published): void
  reject(error: unknown): void
}

/** How often unanswered messages are looked for, in ms. */
const CHECK_MS = 500
const NO_RESPONDERS = 503

type PubAck = { seq: number; duplicate?: boolean; error?: ApiError }

/**
 * Publishes to streams. A message resolves with its PubAck, and rejects after `limitMs`. Messages of one turn of the event
 * loop are sent together, and share the subscription and the timer: `JetStreamClient.publish` costs a write and a timer each.
 */
export const createPubAcks = (connection: NatsConnection, limitMs = TIME_LIMIT_MS) => {
  const inbox = createInbox(inboxPrefixOf(connection))
  /** By the last token of the reply subject; the oldest first. */
  const waiting = new Map<string, Waiting>()
  let unsent: [string, Waiting][] = []
  let next = 0
  let timer: NodeJS.Timeout | undefined

  const settle = (name: string, each: Waiting, message: Msg) => {
    waiting.delete(name)
    if (message.headers?.code === NO_RESPONDERS)
      return each.reject(new UnavailableError('stream', new Error('no stream responds')))
    const { seq, duplicate = false, error } = message.json<PubAck>()
    if (error) each.reject(new JetStreamApiError(error))
    else each.resolve({ sequence: seq, duplicate })
  }

  const refuseAll = (reason: Error) => {
    for (const { reject } of waiting.values()) reject(new UnavailableError('stream', reason))
    waiting.clear()
  }

  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return refuseAll(error)
      const name = message.subject.slice(inbox.length + 1)
      const each = waiting.get(name)
      if (!each) return
      try {
        settle(name, each, message)
      } catch (error) {
        each.reject(error)
      }
    },
  })

  const check = () => {
    const now = Date.now()
    for (const [name, { until, reject }] of waiting) {
      if (until > now) break
      waiting.delete(name)
      reject(new UnavailableError('stream', new Error('the event log did not confirm a message')))
    }
    timer = waiting.size > 0 ? setTimeout(check, CHECK_MS).unref() : undefined
  }

  const send = () => {
    const together = unsent
    unsent = []
    for (const [name, { message, reject }] of together)
      try {
        const { subject, data, headers } = message
        connection.publish(subject, data, { reply: `${inbox}.${name}`, ...(headers && { headers }) })
      } catch (error) {
        waiting.delete(name)
        reject(error)
      }
  }

  return {
    publish: (message: Addressed): Promise<Published> =>
      new Promise((resolve, reject) => {
        const name = (next++).toString(36)
        const each = { message, until: Date.now() + limitMs, resolve, reject }
        waiting.set(name, each)
        timer ??= setTimeout(check, CHECK_MS).unref()
        if (unsent.push([name, each]) === 1) setImmediate(send)
      }),
    /** Rejects what is not confirmed yet. */
    close: () => {
      clearTimeout(timer)
      if (!connection.isClosed()) subscription.unsubscribe()
      refuseAll(new Error('closed'))
    },
  }
}

export type PubAcks = ReturnType<typeof createPubAcks>
