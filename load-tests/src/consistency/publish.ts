import { setTimeout as delay } from 'node:timers/promises'
import type { ProblemCode } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { History } from './history.ts'
import type { HttpSend, NatsSend, Send } from './sends.ts'

/** The time limit of one request. */
const REQUEST_TIMEOUT_MS = 5_000
/** The run fails if a message is not answered within this time. */
const GIVE_UP_MS = 120_000
const RETRY_MS = 100

export type Producer<One extends Send> = { send(one: One): Promise<void>; close(): Promise<void> }

const untilAnswered = async (what: string, attempt: () => Promise<boolean>) => {
  const deadline = performance.now() + GIVE_UP_MS
  while (!(await attempt())) {
    if (performance.now() > deadline) throw new Error(`no response to ${what}`)
    await delay(RETRY_MS * (0.5 + Math.random()))
  }
}

/** Publishes with a plain NATS client, and repeats messages without a PubAck under the same ids. */
export const natsProducer = async (url: string, history: History): Promise<Producer<NatsSend>> => {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 })
  const client = jetstream(connection, { timeout: REQUEST_TIMEOUT_MS })
  const rejected = new Set(history.rejected)

  const send = async ({ key, subject, data, msgId, repeatable }: NatsSend) => {
    history.attempt(key)
    await untilAnswered(key, async () => {
      try {
        await client.publish(subject, data, { msgID: msgId })
        history.ok(key)
        return true
      } catch {
        // The message can never be stored, or the log was unavailable and may have stored it.
        if (rejected.has(key)) history.refused(key)
        return rejected.has(key) || !repeatable
      }
    })
  }
  return { send, close: () => connection.close() }
}

type Result = { id: string } | { problem: { code: ProblemCode } }

/**
 * Posts batches to the hubs in turn with `fetch`. Batches without a response or with a temporary problem are repeated at the
 * next hub. `onResponse` receives the status of every response.
 */
export const httpProducer = (
  urls: readonly string[],
  apiKey: string,
  history: History,
  onResponse: (status: number) => void = () => {},
): Producer<HttpSend> => {
  let next = 0
  const send = async ({ entries, idempotencyKey }: HttpSend) => {
    for (const { key } of entries) history.attempt(key)
    const body = JSON.stringify({ notifications: entries.map(({ value }) => value) })
    await untilAnswered('a batch', async () => {
      const url = urls[next++ % urls.length]
      let results: Result[]
      try {
        const response = await fetch(`${url}/v1/notifications/batch`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${apiKey}`,
            'content-type': 'application/json',
            ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
          },
          body,
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        })
        onResponse(response.status)
        const answer = (await response.json()) as { results?: Result[]; detail?: string; temporary?: boolean }
        if (answer.temporary) return false
        if (!answer.results)
          throw new RangeError(`the response to a batch is ${response.status}: ${answer.detail}`)
        results = answer.results
      } catch (error) {
        if (error instanceof RangeError) throw error
        return false
      }
      for (const [index, { key }] of entries.entries()) {
        const result = results[index]
        if (!result) throw new RangeError('the response to a batch has too few results')
        if ('id' in result) history.ok(key)
        else history.refused(key, result.problem.code)
      }
      return true
    })
  }
  return { send, close: async () => {} }
}

/**
 * Sends all messages in order, at most `rate` per second, with at most `window` pending. Runs the fault concurrently once the
 * share `fault.at` has been sent. Resolves when everything is answered and the fault has healed.
 */
export const publishAll = async (
  sends: readonly Send[],
  { http, nats }: { http: Producer<HttpSend>; nats?: Producer<NatsSend> },
  options: { rate: number; window?: number; fault?: { at: number; run(): Promise<void> } },
): Promise<void> => {
  const { rate, window = 128, fault } = options
  const started = performance.now()
  const faultAt = fault ? Math.floor(sends.length * fault.at) : -1
  let next = 0
  let sent = 0
  let healed = Promise.resolve()
  const worker = async () => {
    while (next < sends.length) {
      const index = next++
      const one = sends[index]
      if (!one) return
      if (index === faultAt && fault) {
        healed = fault.run()
        // Awaited below. This prevents an unhandled rejection until then.
        healed.catch(() => {})
      }
      const early = (sent / rate) * 1_000 - (performance.now() - started)
      sent += one.via === 'http' ? one.entries.length : 1
      if (early > 0) await delay(early)
      if (one.via === 'http') await http.send(one)
      else if (nats) await nats.send(one)
      else throw new Error('there is no NATS server')
    }
  }
  await Promise.all(Array.from({ length: window }, worker))
  await healed
}
