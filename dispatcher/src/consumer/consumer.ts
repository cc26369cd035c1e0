import type { DeadReason, Message, Reader } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { createFairScheduler } from './fair-scheduler.ts'
import { createFaultPolicy, type Finished } from './fault-policy.ts'
import { type Outages, type Pauses, Stopped } from './outages.ts'

/**
 * The outcome of a message: done, or refused permanently with a `reason`. If the messages of a batch end independently,
 * `ending` resolves with the reason.
 */
export type Outcome =
  | (Finished & { ending?: undefined })
  | { message: Message; ending: Promise<DeadReason | undefined> }

/**
 * Handles a batch of messages and resolves with the outcome of each. It is called again with the same messages after a
 * crash, an outage, or a fault of another message of the batch. Endings wait for the end of an outage themselves.
 */
export type Handle = (messages: readonly Message[]) => Promise<readonly Outcome[]>

/**
 * A queue with its handler and its share. A turn handles messages up to a total cost of `batch`; each costs 1 unless
 * `costOf` says otherwise. When all queues are full, turns are proportional to `weight`.
 */
export type Feed = {
  reader: Reader
  handle: Handle
  batch: number
  weight: number
  costOf?: (message: Message) => number
}

export type ConsumerPorts = { outages: Outages; log: Log; metrics: Metrics }

export type ConsumerOptions = {
  /** Maximum concurrent batches over all queues. Default: as many as the readers can buffer. */
  concurrency?: number
  /** Delays before a message that failed is delivered again. */
  retryPauses?: Pauses
}

/** Takes the messages of one turn, at least one. */
const takeTurn = ({ reader, batch, costOf }: Feed): Message[] => {
  if (!costOf) return reader.take(batch)
  const taken: Message[] = []
  for (let cost = 0; cost < batch; ) {
    const [message] = reader.take(1)
    if (!message) break
    taken.push(message)
    cost += costOf(message)
  }
  return taken
}

/**
 * Reads batches from queues and handles up to `concurrency` of them at a time. One more place is reserved for
 * queues of priority critical, so they never wait for others. A batch contains the messages that are waiting
 * when a place is free: one message when idle, many under load. Messages are acknowledged once they are done.
 *
 * - A temporary problem (a dependency is unavailable) pauses new work. Current batches are repeated with
 *   growing pauses until it is over. No attempt is counted.
 * - After any other failure, the messages of the batch are handled one by one. Those that still fail are
 *   retried with a growing delay, and dead-lettered after MAX_DELIVERIES.
 */
export const createConsumer = (
  feeds: readonly Feed[],
  ports: ConsumerPorts,
  { concurrency = Number.POSITIVE_INFINITY, retryPauses }: ConsumerOptions = {},
) => {
  const { outages, log } = ports
  const scheduler = createFairScheduler(feeds)
  const running = new Set<Promise<void>>()
  let stopped = false

  const consume = (feed: Feed) => {
    const { reader } = feed
    const faults = createFaultPolicy(reader, ports, retryPauses)

    /** Finishes a message that ends independently. If the process stops first, the log delivers it again. */
    const end = async (message: Message, ending: Promise<DeadReason | undefined>): Promise<void> => {
      try {
        const reason = await ending
        await faults.finish([reason ? { message, reason } : { message }])
      } catch (error) {
        if (!(error instanceof Stopped)) await faults.fail(message, error)
      }
    }

    const handle = async (messages: readonly Message[]): Promise<void> => {
      let outcomes: readonly Outcome[]
      try {
        outcomes = await outages.through(() => feed.handle(messages))
      } catch (error) {
        if (error instanceof Stopped) throw error
        if (messages.length === 1) return faults.fail(messages[0]!, error)
        for (const message of messages) await handle([message])
        return
      }
      const finished: Finished[] = []
      const endings: Promise<void>[] = []
      for (const outcome of outcomes)
        if (outcome.ending) endings.push(end(outcome.message, outcome.ending))
        else finished.push(outcome)
      await Promise.all(finished.length > 0 ? [faults.finish(finished), ...endings] : endings)
    }

    return async (): Promise<void> => {
      try {
        const fresh = await faults.withoutSpent(takeTurn(feed))
        if (fresh.length > 0) await handle(fresh)
      } catch (error) {
        // Left unacknowledged on purpose: the log delivers them again.
        if (!(error instanceof Stopped))
          log.error({ err: error, queue: reader.queue }, 'a batch was given up')
      }
    }
  }
  const takers = new Map(feeds.map((feed) => [feed, consume(feed)]))

  const next = (): Feed | undefined => {
    if (running.size > concurrency) return undefined
    const full = running.size === concurrency
    return scheduler.next(
      feeds.filter(({ reader }) => reader.ready > 0 && (!full || reader.queue.endsWith('critical'))),
    )
  }

  const pump = () => {
    if (stopped || outages.now) return
    for (let feed = next(); feed; feed = next()) {
      const taken = takers.get(feed)!().finally(() => {
        running.delete(taken)
        pump()
      })
      running.add(taken)
    }
  }

  for (const { reader } of feeds) reader.onReady(pump)
  outages.onOver(pump)
  pump()

  return {
    /** Accepts no more messages, returns those that were not taken, and waits for the current ones. */
    stop: async (): Promise<void> => {
      stopped = true
      await Promise.all(feeds.map(({ reader }) => reader.close()))
      await Promise.all(running)
    },
  }
}

export type Consumer = ReturnType<typeof createConsumer>
