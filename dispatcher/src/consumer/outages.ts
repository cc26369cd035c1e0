import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'

/** Pauses double from `firstMs` to `capMs`. Each is shortened at random by up to half. */
export type Pauses = { firstMs: number; capMs: number }
const OUTAGE_PAUSES: Pauses = { firstMs: 100, capMs: 2_000 }

export const pauseMs = ({ firstMs, capMs }: Pauses, attempt: number) =>
  Math.min(capMs, firstMs * 2 ** attempt) * (0.5 + Math.random() / 2)

/** Rejects calls that wait for a dependency when the process stops. The log delivers their messages again. */
export class Stopped extends Error {
  override name = 'Stopped'
}

/** Returns the dependency that is unavailable. A full log counts as unavailable. */
const partOf = (error: ProblemError) => ('part' in error ? String(error.part) : 'stream')

/** Repeats calls while a dependency is unavailable, and pauses consumers meanwhile. */
export const createOutages = ({ log, metrics }: { log: Log; metrics: Metrics }) => {
  let abandon = (_: Stopped) => {}
  const stopping = new Promise<never>((_, reject) => {
    abandon = reject
  })
  stopping.catch(() => {})
  let waiting = 0
  const listeners = new Set<() => void>()
  const over = () => {
    for (const listener of listeners) listener()
  }
  /** Parts that were logged as unavailable and not yet as available again. */
  const away = new Set<string>()

  const outage = async (part: string, error: ProblemError, attempt: number) => {
    waiting++
    if (!away.has(part))
      log.warn({ reason: reasonOf(error), part }, 'waiting for a dependency; no new work is taken')
    away.add(part)
    metrics.paused.set({ part }, 1)
    let timer: NodeJS.Timeout | undefined
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, pauseMs(OUTAGE_PAUSES, attempt))
    })
    try {
      await Promise.race([pause, stopping])
    } finally {
      clearTimeout(timer)
      metrics.paused.set({ part }, 0)
      if (--waiting === 0) setImmediate(over)
    }
  }

  return {
    /**
     * Repeats `run` until it ends without a temporary problem. Rejects with Stopped if the process stops
     * first.
     */
    through: async <Result>(run: () => Promise<Result>): Promise<Result> => {
      let part: string | undefined
      for (let attempt = 0; ; attempt++) {
        try {
          const result = await run()
          if (part !== undefined && away.delete(part)) log.info({ part }, 'the dependency answers again')
          return result
        } catch (error) {
          if (!(error instanceof ProblemError && error.problem.temporary)) throw error
          part = partOf(error)
          await outage(part, error, attempt)
        }
      }
    },
    /** Reports whether a call is waiting for a dependency. */
    get now() {
      return waiting > 0
    },
    /** Calls `listener` whenever no call is waiting any more. */
    onOver: (listener: () => void) => {
      listeners.add(listener)
    },
    stop: () => abandon(new Stopped()),
  }
}

export type Outages = ReturnType<typeof createOutages>
