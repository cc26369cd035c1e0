import { asError, type CarillonError, isRefusal } from '../http/error.ts'
import { createRequest, type RequestParts } from '../http/request.ts'
import { backoff } from '../timing/backoff.ts'
import type { Timing } from '../timing/delays.ts'
import { createTimer } from '../timing/timer.ts'
import type { ConnectionState } from './connection.ts'

/** The waits of a poll, in seconds. A shorter one is used if a proxy cuts the longer one; 0 is a short poll. */
const WAITS = [25, 10, 0] as const
/** The time that a request may take beyond the wait, in ms. */
const MARGIN_MS = 10_000
/** The pause after an answer, so that a burst of changes needs one fetch, in ms. */
const PAUSE_MS = 250
/** Number of consecutive cut polls after which a shorter wait is used. */
const CUTS_MAX = 2

type Answer = { moved: boolean; position: string }

/**
 * Polls the hub in place of a WebSocket. The hub answers a long poll when something has changed. If a proxy cuts long polls,
 * short ones are used. If the hub does not support polls, the client fetches the inbox periodically.
 */
export const createLongPolling = ({
  http,
  timing,
  isActive,
  onState,
  onMoved,
  onError,
}: {
  http: RequestParts
  timing: Timing
  isActive: () => boolean
  onState: (state: ConnectionState) => void
  /** Called when the inbox may have changed, so it has to be fetched. */
  onMoved: () => void
  /** Called when the hub refuses the token. */
  onError: (error: CarillonError) => void
}) => {
  let polling = new AbortController()
  let stopped = false
  let position: string | undefined
  let length = 0
  let failures = 0
  let cuts = 0

  const timer = createTimer()
  let wake = () => {}
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve
      timer.set(resolve, ms)
    })

  /** Polls once. Resolves with the pause before the next poll. */
  const poll = async (): Promise<number> => {
    const wait = WAITS[length]!
    const { signal } = polling
    const call = createRequest({ ...http, timeout: wait * 1_000 + MARGIN_MS, signal })
    const at = position === undefined ? '' : `&position=${position}`
    const answer = await call<Answer>('GET', `/live?wait=${wait}&active=${isActive()}${at}`)
    failures = cuts = 0
    position = answer.position
    onState(wait > 0 ? 'live' : 'polling')
    if (answer.moved) onMoved()
    return wait > 0 ? (answer.moved ? PAUSE_MS : 0) : timing.shortPoll * (0.5 + Math.random() / 2)
  }

  /** Returns the pause after a failed poll. */
  const failed = (error: CarillonError, since: number): number => {
    // Messages may have been missed.
    position = undefined
    failures++
    if (WAITS[length]! > 0 && Date.now() - since > timing.cut && !isRefusal(error.code)) {
      if (++cuts < CUTS_MAX) return 0
      cuts = 0
      length++
      return 0
    }
    const isAnswer = error.status > 0 && error.status < 500 && error.status !== 429
    if (isAnswer && !isRefusal(error.code)) {
      // The server does not support polls.
      onState('polling')
      onMoved()
      return timing.shortPoll
    }
    onState('offline')
    if (isRefusal(error.code)) onError(error)
    return backoff(error, failures, timing)
  }

  const run = async () => {
    while (!stopped) {
      const since = Date.now()
      let wait = 0
      try {
        wait = await poll()
      } catch (thrown) {
        if (stopped) return
        if (polling.signal.aborted) polling = new AbortController()
        else wait = failed(asError(thrown), since)
      }
      await pause(wait)
    }
  }
  void run()

  return {
    /** Starts a new poll, which reports whether the user is active. */
    changed: () => polling.abort(),
    /** Acknowledges at most 100 items. Rejects with a CarillonError. */
    received: (ids: readonly string[]) =>
      createRequest({ ...http, timeout: timing.request })('POST', '/inbox/received', { ids }),
    stop() {
      stopped = true
      polling.abort()
      timer.clear()
      wake()
    },
  }
}
