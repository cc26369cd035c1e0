import type { Answer } from '../http/actions-api.ts'
import { asError, CarillonError } from '../http/error.ts'
import { begin, drop, settle } from '../inbox/pending.ts'
import type { Operation, State } from '../inbox/state.ts'
import type { Store } from '../store/store.ts'
import { backoff } from '../timing/backoff.ts'
import type { Clock } from '../timing/clock.ts'
import type { Timing } from '../timing/delays.ts'
import { createQueue } from '../timing/serial-queue.ts'

/** An optimistic change and its request. */
export type Outgoing = Operation & { verb: string; call: () => Promise<Answer> }

/** Maximum number of pending actions. Further ones are refused with `not_sent`. */
const PENDING_MAX = 500
/** A repeated 500 may be caused by one action, which must not block the others forever. */
const SERVER_ERRORS_MAX = 7

/**
 * Sends actions in order, one at a time. An action is applied to the view at once. While the hub is
 * unreachable, the action is kept and retried with backoff. If the hub refuses it, it is undone, its promise
 * rejects with a CarillonError that names the action, and `fail` is called with the error.
 */
export const createOutbox = (
  store: Store<State>,
  fail: (error: CarillonError) => void,
  { timing, clock }: { timing: Timing; clock: Clock },
  /** Aborted when the client is closed. Pending actions are then sent once more, in order. */
  signal: AbortSignal,
) => {
  const queue = createQueue()
  let endPause = () => {}

  const undone = async ({ verb, ids, rest }: Outgoing, error: CarillonError) => {
    const action = { verb, ids: rest ? [] : ids, problem: error.message }
    fail(
      Object.assign(error, {
        action,
        message: `${[verb, ...action.ids].join(' ')} failed: ${error.message}`,
      }),
    )
    throw error
  }

  const pause = (error: CarillonError, failures: number) =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, backoff(error, failures, timing))
      // A delay requested by the hub is never shortened.
      endPause = error.retryAfter ? endPause : resolve
    })

  return {
    send(outgoing: Outgoing): Promise<void> {
      const refusal = signal.aborted
        ? 'the client is closed'
        : store.getSnapshot().pending.length >= PENDING_MAX && 'too many are pending'
      if (refusal) return createQueue()(() => undone(outgoing, new CarillonError('not_sent', refusal)))
      store.set(begin(store.getSnapshot(), outgoing))
      return queue(async () => {
        for (let failures = 1; ; failures++) {
          const since = store.getSnapshot().last
          const isLast = signal.aborted
          try {
            const answer = await outgoing.call()
            return store.set(settle(store.getSnapshot(), outgoing, answer, since, clock.now()))
          } catch (thrown) {
            const error = asError(thrown)
            if (isLast || !error.temporary || (error.status === 500 && failures > SERVER_ERRORS_MAX)) {
              store.set({ ...drop(store.getSnapshot(), outgoing), doubtful: true })
              return undone(outgoing, error)
            }
            if (!signal.aborted) await pause(error, failures)
          }
        }
      })
    },
    /** Retries the current action now, because the hub may be reachable again. */
    retry: () => endPause(),
    /**
     * Sends all pending actions at once, because the page may close. If it stays open, they are sent again in
     * order.
     */
    flush() {
      // The queue sends the action again, and reports a failure.
      for (const outgoing of store.getSnapshot().pending as readonly Outgoing[])
        outgoing.call().catch(() => {})
    },
  }
}
export type Outbox = ReturnType<typeof createOutbox>
