import { ProblemError, reasonOf } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Stream } from './port.ts'

/** Time after a refusal during which the log is reported as full. */
const RECENT_MS = 10_000

const isFull = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.problem.code === 'stream_full'

/**
 * Wraps a stream and reports when it is full and when it accepts messages again: one log line each, a metric, and `check`,
 * which rejects with `stream_full` while it is full.
 */
export const watchForFullLog = (
  stream: Stream,
  parts: { log: Log; metrics: Pick<Metrics, 'streamFull'>; now?: () => number },
): Stream => {
  const { log, metrics, now = () => performance.now() } = parts
  let full: { refused: number; latest: number; error: ProblemError } | undefined

  const refuse = (error: ProblemError) => {
    if (!full) {
      metrics.streamFull.set(1)
      log.error({ reason: reasonOf(error) }, 'the event log is full; messages are refused')
    }
    full = { refused: (full?.refused ?? 0) + 1, latest: now(), error }
  }
  const accept = () => {
    if (!full) return
    metrics.streamFull.set(0)
    log.info({ refused: full.refused }, 'the event log accepts messages again')
    full = undefined
  }

  return {
    ...stream,
    publish: async (messages) => {
      try {
        const published = await stream.publish(messages)
        if (messages.length > 0) accept()
        return published
      } catch (error) {
        if (isFull(error)) refuse(error)
        throw error
      }
    },
    check: async () => {
      await stream.check()
      if (full && now() - full.latest < RECENT_MS) throw full.error
      accept()
    },
  }
}
