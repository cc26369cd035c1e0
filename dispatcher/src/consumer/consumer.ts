import { ProblemError } from '@carillon/core/errors'
import type { Message, Reader } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Dispatch, Outcome } from '../dispatch.ts'
import { deadReasonOf } from './dead-reason.ts'
import { createOutages, type Pauses, pauseMs, Stopped } from './outages.ts'

/** A message delivered this often has failed, or taken its process with it, every time before. */
export const MAX_DELIVERIES = 8
const RETRY_PAUSES: Pauses = { firstMs: 500, capMs: 30_000 }

/** A queue and its share: with all queues full, queues get turns in proportion to `weight`; a turn takes up to `batch`. */
export type Feed = { reader: Reader; weight: number; batch: number }

export type PumpPorts = {
  feeds: Feed[]
  dispatch: Dispatch
  concurrency: number
  log: Log
  metrics: Metrics
  retryPauses?: Pauses
}

/**
 * Takes batches from the queues and runs them, `concurrency` at a time; one place more is kept for queues of priority
 * critical, which therefore never wait for others. A batch is whatever waits when a place is free: one message when
 * idle, many under load.
 *
 * - A temporary problem (a dependency is out of reach) stops the taking of new work; batches in hand are tried again,
 *   with growing pauses, until it is over. No attempt is counted.
 * - Any other failure is a fault of ours or of a message: the messages of the batch are run one by one, and those that
 *   still fail are given back with a growing delay, and after MAX_DELIVERIES put with the dead letters.
 */
export const createPump = (ports: PumpPorts) => {
  const { feeds, dispatch, concurrency, log, metrics, retryPauses = RETRY_PAUSES } = ports
  const turns = new Map(feeds.map((feed) => [feed, 0]))
  const running = new Set<Promise<void>>()
  const outages = createOutages({ log, metrics })
  let stopped = false
  const settle = async (reader: Reader, outcomes: readonly Outcome[]) => {
    const done = outcomes.filter(({ reason }) => !reason).map(({ message }) => message)
    const dead = outcomes.flatMap(({ message, reason }) => (reason ? [{ message, reason }] : []))
    if (done.length > 0) await outages.through(() => reader.ack(done))
    if (dead.length === 0) return
    await outages.through(() => reader.deadLetter(dead))
    for (const { reason } of dead) metrics.deadLetters.inc({ code: reason.code })
    log.warn(
      { queue: reader.queue, letters: dead.length, first: dead[0]!.reason },
      'put with the dead letters',
    )
  }

  const fail = async (reader: Reader, message: Message, error: unknown) => {
    const { sequence, deliveries } = message
    if (error instanceof ProblemError || deliveries >= MAX_DELIVERIES) {
      const { reason, reference } = deadReasonOf(error, deliveries)
      if (reference)
        log.error({ err: error, queue: reader.queue, sequence, reference }, 'a message is given up')
      return settle(reader, [{ message, reason }])
    }
    log.error(
      { err: error, queue: reader.queue, sequence, deliveries },
      'a message failed and will be tried again',
    )
    metrics.retried.inc({ queue: reader.queue })
    const delay = pauseMs(retryPauses, deliveries - 1)
    await outages.through(() => reader.retry([message], delay))
  }

  const run = async (reader: Reader, messages: readonly Message[]): Promise<void> => {
    let outcomes: Outcome[]
    try {
      outcomes = await outages.through(() => dispatch(messages))
    } catch (error) {
      if (error instanceof Stopped) throw error
      if (messages.length === 1) return fail(reader, messages[0]!, error)
      for (const message of messages) await run(reader, [message])
      return
    }
    await settle(reader, outcomes)
  }

  const runBatch = async (reader: Reader, taken: readonly Message[]) => {
    try {
      const spent = taken.filter(({ deliveries }) => deliveries > MAX_DELIVERIES)
      const reason = {
        code: 'too_many_attempts' as const,
        detail: `delivered more than ${MAX_DELIVERIES} times`,
      }
      if (spent.length > 0)
        await settle(
          reader,
          spent.map((message) => ({ message, reason })),
        )
      const fresh = taken.filter(({ deliveries }) => deliveries <= MAX_DELIVERIES)
      if (fresh.length > 0) await run(reader, fresh)
    } catch (error) {
      // Left unacknowledged on purpose: the log delivers them again.
      if (!(error instanceof Stopped)) log.error({ err: error, queue: reader.queue }, 'a batch was given up')
    }
  }

  /** Start-time fair queueing: the ready queue that has had the least in relation to its weight. */
  const next = (): Feed | undefined => {
    const full = running.size >= concurrency
    const ready = feeds.filter(
      ({ reader }) =>
        reader.ready > 0 && (!full || (reader.queue.endsWith('critical') && running.size === concurrency)),
    )
    return ready.sort((a, b) => turns.get(a)! - turns.get(b)!)[0]
  }

  const pump = () => {
    if (stopped || outages.now) return
    for (let feed = next(); feed; feed = next()) {
      const { reader, weight, batch } = feed
      const now = Math.max(turns.get(feed)!, floor())
      turns.set(feed, now + 1 / weight)
      const taken = runBatch(reader, reader.take(batch)).finally(() => {
        running.delete(taken)
        pump()
      })
      running.add(taken)
    }
  }

  /** A queue that was idle does not save up turns. */
  const floor = () => {
    const busy = feeds.filter(({ reader }) => reader.ready > 0).map((feed) => turns.get(feed)!)
    return busy.length > 0 ? Math.min(...busy) : 0
  }

  for (const { reader } of feeds) reader.onReady(pump)
  pump()

  return {
    /** Stops taking, gives back what was not taken, and waits for what is in hand. */
    stop: async () => {
      stopped = true
      await Promise.all(feeds.map(({ reader }) => reader.close()))
      outages.stop()
      await Promise.all(running)
    },
  }
}
