import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'

/** Pauses grow from `firstMs` by doubling to `capMs`, each cut at random by up to a half. */
export type Pauses = { firstMs: number; capMs: number }
const OUTAGE_PAUSES: Pauses = { firstMs: 100, capMs: 2_000 }

export const pauseMs = ({ firstMs, capMs }: Pauses, attempt: number) =>
  Math.min(capMs, firstMs * 2 ** attempt) * (0.5 + Math.random() / 2)

/** Thrown into work that waits for a dependency when its process stops: its messages go to another dispatcher. */
export class Stopped extends Error {
  override name = 'Stopped'
}

/** What is out of reach. A log that is full is out of reach too. */
const partOf = (error: ProblemError) => ('part' in error ? String(error.part) : 'stream')

/** Gets work through the times in which a dependency is out of reach, and says when it is not the time to begin more. */
export const createOutages = ({ log, metrics }: { log: Log; metrics: Metrics }) => {
  let abandon = (_: Stopped) => {}
  const stopping = new Promise<never>((_, reject) => {
    abandon = reject
  })
  stopping.catch(() => {})
  let waiting = 0
  let over = () => {}
  /** The parts that have been logged as out of reach, and not yet as back. */
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
    /** Runs something until no temporary problem stops it. Rejects with Stopped once that is over. */
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
    /** Whether something waits for a dependency just now. */
    get now() {
      return waiting > 0
    },
    /** Called whenever nothing waits any more. One listener. */
    onOver: (listener: () => void) => {
      over = listener
    },
    stop: () => abandon(new Stopped()),
  }
}

export type Outages = ReturnType<typeof createOutages>
