import { setTimeout as sleep } from 'node:timers/promises'
import { clock, processorTimer } from './machine.ts'
import type { Receivers } from './receivers.ts'
import type { Report } from './receivers-child.ts'

/** The system under test: Carillon or a baseline. */
export type Target = {
  /** Sends notifications `from` … `from + count − 1` of a run, each to the user with its number. */
  send(batch: Batch): Promise<unknown>
  /** Its processes, by name. */
  processes: Record<string, number>
}

/** `at` is the scheduled time on `clock()`. */
export type Batch = { run: number; from: number; count: number; at: number }

/** `rate`: received per second. `cpu`: processor time of each process per received notification, µs. */
export type Round = { run: number; sent: number; rate: number; report: Report; cpu: Record<string, number> }

/** Returns a map from each run to its number of notifications, and a function that adds a round to it. */
export const createSentCounts = () => {
  const sent = new Map<number, number>()
  const counted = async (work: Promise<Round>): Promise<Round> => {
    const round = await work
    sent.set(round.run, round.sent)
    return round
  }
  return { sent, counted }
}

/** Runs `send`, which returns the number of sent notifications, and waits until all are received by `each` connections. */
const round = async (
  target: Target,
  receivers: Receivers,
  { run, each = 1 }: { run: number; each?: number },
  send: () => Promise<number>,
): Promise<Round> => {
  const processes = { ...target.processes, receivers: receivers.pid, sender: process.pid }
  const used = processorTimer(processes)
  const start = clock()
  const sent = await send()
  const receipts = sent * each
  await receivers.until(receipts)
  const cpu = used(receipts)
  const report = await receivers.report(sent)
  return { run, sent, rate: (receipts * 1_000) / (report.lastAt - start), report, cpu }
}

/** Tracks pending work. `check` throws the first failure. */
export const pendingWork = () => {
  const running = new Set<Promise<unknown>>()
  const failures: unknown[] = []
  const check = () => {
    if (failures.length > 0) throw failures[0]
  }
  return {
    check,
    add: (work: Promise<unknown>) => {
      const settled: Promise<unknown> = work
        .catch((error) => failures.push(error))
        .finally(() => running.delete(settled))
      running.add(settled)
    },
    done: async () => {
      await Promise.all(running)
      check()
    },
  }
}

export type Closed = { connections: number; seconds: number; window: number; chunk: number }

/** Sends as fast as possible, with at most `window` notifications that are not yet received. */
export const closedLoop = async (target: Target, receivers: Receivers, options: Closed): Promise<Round> => {
  const { connections, seconds, window, chunk } = options
  const run = await receivers.begin({ connections })
  return round(target, receivers, { run }, async () => {
    const sends = pendingWork()
    const until = clock() + seconds * 1_000
    let sent = 0
    for (let now = clock(); now < until; now = clock()) {
      sends.add(target.send({ run, from: sent, count: chunk, at: now }))
      sent += chunk
      await receivers.until(sent + chunk - window)
      sends.check()
    }
    await sends.done()
    return sent
  })
}

export type Requests = {
  connections: number
  seconds: number
  /** Number of concurrent requests. */
  inFlight: number
  /** Maximum number of outstanding receipts. */
  window: number
  /** Every notification goes to all connections. */
  toAll?: boolean
}

/** Sends one notification per request, in `inFlight` concurrent sequences of requests. */
export const requestLoop = async (
  target: Target,
  receivers: Receivers,
  { connections, seconds, inFlight, window, toAll = false }: Requests,
): Promise<Round> => {
  const run = await receivers.begin({ connections, toAll })
  const each = toAll ? connections : 1
  return round(target, receivers, { run, each }, async () => {
    const until = clock() + seconds * 1_000
    let sent = 0
    const sendOn = async () => {
      for (let now = clock(); now < until; now = clock()) {
        await target.send({ run, from: sent++, count: 1, at: now })
        await receivers.until(sent * each - window)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, sendOn))
    return sent
  })
}

export type Open = { connections: number; seconds: number; rate: number; tickMs: number; toAll?: boolean }

/**
 * Sends at a fixed rate, independent of earlier notifications. All notifications of a tick are scheduled for its beginning,
 * so the delay of a late tick counts as latency.
 */
export const openLoop = async (target: Target, receivers: Receivers, options: Open): Promise<Round> => {
  const { connections, seconds, rate, tickMs, toAll = false } = options
  const run = await receivers.begin({ connections, toAll })
  return round(target, receivers, { run, each: toAll ? connections : 1 }, async () => {
    const sends = pendingWork()
    const start = clock()
    let sent = 0
    for (let tick = 0; tick * tickMs < seconds * 1_000; tick++) {
      const at = start + tick * tickMs
      if (at > clock()) await sleep(at - clock())
      const due = Math.round((rate * (tick + 1) * tickMs) / 1_000)
      if (due > sent) sends.add(target.send({ run, from: sent, count: due - sent, at }))
      sent = due
      sends.check()
    }
    await sends.done()
    return sent
  })
}
