import { ProblemError, reasonOf } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Stream } from './port.ts'

/** For so long after a refusal the log counts as full, should it not know by itself. */
const RECENT_MS = 10_000

const isFull = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.problem.code === 'stream_full'

/**
 * A stream that tells when it refuses messages for lack of room, and when it takes them again: in one log line each, in a
 * metric, and in `check`, which then rejects with `stream_full`.
 */
export const watchedStream = (
  stream: Stream,
  parts: { log: Log; metrics: Pick<Metrics, 'streamFull'>; now?: () => number },
): Stream => {
  const { log, metrics, now = () => performance.now() } = parts
  let full: { refused: number; latest: number; error: ProblemError } | undefined

  const refuse = (error: ProblemError) => {
    if (!full) {
      metrics.streamFull.set(1)
      log.error(
        { reason: reasonOf(error) },
        'the event log is full: messages are refused until there is room',
      )
    }
    full = { refused: (full?.refused ?? 0) + 1, latest: now(), error }
  }
  const accept = () => {
    if (!full) return
    metrics.streamFull.set(0)
    log.info({ refused: full.refused }, 'the event log has room again')
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
