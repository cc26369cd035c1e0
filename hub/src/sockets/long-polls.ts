import { ProblemError } from '@carillon/core/errors'
import type { Live, Watch } from '@carillon/core/live/port'
import type { Viewer } from '../inbox/viewer.ts'

/** Maximum time until an answer, in ms: shorter than the idle timeouts of common proxies. */
export const POLL_MAX_MS = 25_000
/** How long a user counts as connected after a poll ended, in ms. */
const LINGER_MS = 30_000
/**
 * Maximum age of a position, in ms. It is less than LINGER_MS, because the clocks of hubs differ. Messages that find no
 * connection do not change the position.
 */
export const POSITION_MAX_AGE_MS = 25_000
/** Maximum concurrent polls of a user per hub, whatever their contexts and `active`. */
export const POLLS_PER_USER = 20
/** Maximum watched inboxes of a hub, each with some kilobytes. */
const WATCHES_MAX = 20_000

export type PollAnswer = { moved: boolean; position: string }
export type Poll = {
  active: boolean
  position: string | undefined
  waitMs: number
  gone?: AbortSignal | undefined
}

/** A watched inbox. `linger` ends the watch some time after the last poll. */
type Watched = {
  watch: Promise<Watch>
  waiting: Set<(moved: boolean) => void>
  polls: number
  linger?: NodeJS.Timeout | undefined
}

/** Returns a function that counts a poll of a user and returns a function that ends it. Throws `rate_limited`. */
const createPollsOfUsers = () => {
  /** The number of polls of each user who has one. */
  const polls = new Map<string, number>()

  return ({ tenant, user }: Viewer) => {
    const name = JSON.stringify([tenant, user])
    const before = polls.get(name) ?? 0
    if (before >= POLLS_PER_USER)
      throw new ProblemError('rate_limited', `a user may have ${POLLS_PER_USER} polls at a time`)
    polls.set(name, before + 1)
    return () => {
      const left = (polls.get(name) ?? 1) - 1
      if (left > 0) polls.set(name, left)
      else polls.delete(name)
    }
  }
}

/** Returns `woken`, which resolves on a message, after `ms`, or when the client disconnects. `stop` cancels the wait. */
const wait = (waiting: Watched['waiting'], ms: number, gone: AbortSignal | undefined) => {
  let wake = (_moved: boolean) => {}
  let timer: NodeJS.Timeout | undefined
  const woken = new Promise<boolean>((resolve) => {
    wake = resolve
    timer = setTimeout(resolve, ms, false)
  })
  const leave = () => wake(false)
  waiting.add(wake)
  gone?.addEventListener('abort', leave)
  const stop = () => {
    clearTimeout(timer)
    waiting.delete(wake)
    gone?.removeEventListener('abort', leave)
  }
  return { woken, stop }
}

/**
 * Answers long polls: at once if there was a message since the position, otherwise on the next one, and after `waitMs` at the
 * latest.
 * A user counts as connected until LINGER_MS after the last poll, so that no message between two polls is missed, whichever
 * hub answers the next one.
 */
export const createLongPolls = (
  live: Pick<Live, 'watch' | 'onLoss'>,
  { lingerMs = LINGER_MS, watchesMax = WATCHES_MAX } = {},
) => {
  /** Least recently used first. */
  const watched = new Map<string, Watched>()
  const admit = createPollsOfUsers()
  let lastLoss = 0
  let draining = false

  const end = (key: string, entry: Watched) => {
    clearTimeout(entry.linger)
    if (watched.get(key) === entry) watched.delete(key)
    entry.watch.then(
      (watch) => watch.end(),
      () => {},
    )
  }

  /** Ends the least recently used watch without polls. Returns false if there is none. */
  const makeRoom = (): boolean => {
    for (const [key, entry] of watched)
      if (entry.polls === 0) {
        end(key, entry)
        return true
      }
    return false
  }

  const open = ({ tenant, user, contexts }: Viewer, active: boolean) => {
    const key = JSON.stringify([tenant, user, contexts, active])
    const known = watched.get(key)
    if (known) {
      // Moves it to the end.
      watched.delete(key)
      watched.set(key, known)
      clearTimeout(known.linger)
      return { key, entry: known }
    }
    if (watched.size >= watchesMax && !makeRoom())
      throw new ProblemError('unavailable', 'this hub has too many long polls; fetch the inbox instead')
    const waiting: Watched['waiting'] = new Set()
    const watch = live.watch({ tenant, user, contexts, active }, () => {
      for (const wake of waiting) wake(true)
    })
    const entry: Watched = { watch, waiting, polls: 0 }
    watched.set(key, entry)
    watch.catch(() => end(key, entry))
    return { key, entry }
  }

  const close = (key: string, entry: Watched) => {
    entry.polls--
    if (entry.polls > 0 || watched.get(key) !== entry) return
    entry.linger = setTimeout(() => end(key, entry), lingerMs)
    entry.linger.unref()
  }

  const stamped = (position: string) => `${Date.now().toString(36)}.${position}`

  /** Reports whether there may have been a message since a position that a hub of this installation returned. */
  const hasMoved = (since: string | undefined, current: string): boolean => {
    const [at = '', ...rest] = since?.split('.') ?? []
    const time = Number.parseInt(at, 36)
    return !(time > Date.now() - POSITION_MAX_AGE_MS) || time <= lastLoss || rest.join('.') !== current
  }

  live.onLoss(() => {
    lastLoss = Date.now()
    for (const { waiting } of watched.values()) for (const wake of waiting) wake(true)
  })

  return {
    /** Throws `unavailable` if the live bus does not answer or the hub has too many polls, and `rate_limited`. */
    poll: async (viewer: Viewer, { active, position, waitMs, gone }: Poll): Promise<PollAnswer> => {
      const dismiss = admit(viewer)
      try {
        const { key, entry } = open(viewer, active)
        entry.polls++
        try {
          const watch = await entry.watch
          // Waits before the position is read, so that no message falls in between.
          const { woken, stop } = wait(entry.waiting, draining ? 0 : waitMs, gone)
          try {
            const current = await watch.position()
            const moved = hasMoved(position, current) || (await woken)
            return { moved, position: stamped(moved ? await watch.position() : current) }
          } finally {
            stop()
          }
        } finally {
          close(key, entry)
        }
      } finally {
        dismiss()
      }
    },
    /** Answers every poll, now and from now on, so that clients poll another hub. */
    drain: () => {
      draining = true
      for (const { waiting } of watched.values()) for (const wake of waiting) wake(false)
    },
    close: () => {
      for (const [key, entry] of watched) end(key, entry)
    },
  }
}

export type LongPolls = ReturnType<typeof createLongPolls>
