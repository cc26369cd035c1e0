import { setTimeout as delay } from 'node:timers/promises'
import type { ProblemCode } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Ledger } from './ledger.ts'
import type { HttpSend, NatsSend, Send } from './workload.ts'

/** How long one answer may take before nobody is taken to have given it. */
const PATIENCE_MS = 5_000
/** After this long without an answer to a message the run has failed. */
const GIVE_UP_MS = 120_000
const RETRY_MS = 100

export type Producer<One extends Send> = { send(one: One): Promise<void>; close(): Promise<void> }

const untilAnswered = async (what: string, attempt: () => Promise<boolean>) => {
  const deadline = performance.now() + GIVE_UP_MS
  while (!(await attempt())) {
    if (performance.now() > deadline) throw new Error(`nobody has answered to ${what}`)
    await delay(RETRY_MS * (0.5 + Math.random()))
  }
}

/** A backend with a NATS client and nothing of ours: publishes, and repeats what got no PubAck with the same ids. */
export const natsProducer = async (url: string, ledger: Ledger): Promise<Producer<NatsSend>> => {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 })
  const client = jetstream(connection, { timeout: PATIENCE_MS })
  const turnedAway = new Set(ledger.turnedAway)

  const send = async ({ key, subject, data, msgId, repeatable }: NatsSend) => {
    ledger.attempt(key)
    await untilAnswered(key, async () => {
      try {
        await client.publish(subject, data, { msgID: msgId })
        ledger.ok(key)
        return true
      } catch {
        // Either it can never be stored, or the log is away; then it may be there or not.
        if (turnedAway.has(key)) ledger.refused(key)
        return turnedAway.has(key) || !repeatable
      }
    })
  }
  return { send, close: () => connection.close() }
}

type Result = { id: string } | { problem: { code: ProblemCode } }

/**
 * A backend with `fetch`: posts batches to the hubs in turn, and repeats at the next hub what got no answer or a
 * temporary problem. `onAnswer` hears of every answer's status.
 */
export const httpProducer = (
  urls: readonly string[],
  apiKey: string,
  ledger: Ledger,
  onAnswer: (status: number) => void = () => {},
): Producer<HttpSend> => {
  let turn = 0
  const send = async ({ entries, idempotencyKey }: HttpSend) => {
    for (const { key } of entries) ledger.attempt(key)
    const body = JSON.stringify({ notifications: entries.map(({ value }) => value) })
    await untilAnswered('a batch', async () => {
      const url = urls[turn++ % urls.length]
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
          signal: AbortSignal.timeout(PATIENCE_MS),
        })
        onAnswer(response.status)
        const answer = (await response.json()) as { results?: Result[]; detail?: string; temporary?: boolean }
        if (answer.temporary) return false
        if (!answer.results)
          throw new RangeError(`a batch was answered with ${response.status}: ${answer.detail}`)
        results = answer.results
      } catch (error) {
        if (error instanceof RangeError) throw error
        return false
      }
      for (const [index, { key }] of entries.entries()) {
        const result = results[index]
        if (!result) throw new RangeError('a batch was answered with fewer results than it has notifications')
        if ('id' in result) ledger.ok(key)
        else ledger.refused(key, result.problem.code)
      }
      return true
    })
  }
  return { send, close: async () => {} }
}

/**
 * Sends everything in order, at most `rate` a second and `window` unanswered; when `fault.at` (a share of all) has
 * been sent, runs the fault beside it. Resolves when all is answered and the fault has healed.
 */
export const publishAll = async (
  sends: readonly Send[],
  { http, nats }: { http: Producer<HttpSend>; nats?: Producer<NatsSend> },
  options: { rate: number; window?: number; fault?: { at: number; run(): Promise<void> } },
): Promise<void> => {
  const { rate, window = 128, fault } = options
  const started = performance.now()
  const strikeAt = fault ? Math.floor(sends.length * fault.at) : -1
  let next = 0
  let sent = 0
  let healed = Promise.resolve()
  const worker = async () => {
    while (next < sends.length) {
      const index = next++
      const one = sends[index]
      if (!one) return
      if (index === strikeAt && fault) {
        healed = fault.run()
        // Awaited below; until then a failure must not count as unhandled.
        healed.catch(() => {})
      }
      const early = (sent / rate) * 1_000 - (performance.now() - started)
      sent += one.way === 'http' ? one.entries.length : 1
      if (early > 0) await delay(early)
      if (one.way === 'http') await http.send(one)
      else if (nats) await nats.send(one)
      else throw new Error('there is no NATS to publish to')
    }
  }
  await Promise.all(Array.from({ length: window }, worker))
  await healed
}
