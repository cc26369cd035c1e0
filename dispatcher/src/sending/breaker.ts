import type { Priority } from '@carillon/schemas'

/** Consecutive faults that open the breaker. */
const OPEN_AFTER = 5
/** How long the breaker stays open after faults, before one message probes the provider. */
const FAULT_PAUSE_MS = 10_000
/** The first pause after a rate limit without a time; each further one doubles it, up to the cap. */
const LIMIT_PAUSE_MS = 1_000
/** How often a critical message probes while the breaker is open. */
export const CRITICAL_PROBE_MS = 5_000
/** How long other messages wait while a probe is under way. */
const PROBING_MS = 1_000

/** The longest pause that a provider can impose, whatever its `Retry-After` says. A probe is sent after that. */
export const PAUSE_CAP_MS = 10 * 60_000

/** `limited`: the provider asked for a pause. `down`: it failed repeatedly. */
export type Cause = 'limited' | 'down'

/** One send from the breaker's point of view. It ends with exactly one of these calls. */
export type Trial = {
  /** The provider answered. Closes the breaker. */
  succeeded(): void
  /** The provider failed. With `trip: false` the fault is counted, but does not open the breaker. */
  failed(trip?: boolean): void
  /** The provider asked for a pause of `askedMs`. */
  limited(askedMs?: number): void
  /** The send was not made. */
  released(): void
}

/**
 * A circuit breaker with half-open probes. It opens after consecutive faults, or when the provider asks for a pause.
 * After the pause a single message probes: its success closes the breaker, its failure opens it again. A critical
 * message probes every `CRITICAL_PROBE_MS` without waiting for the end of the pause. Sends that began before the breaker
 * opened neither close it nor lengthen its pauses.
 */
export type Breaker = {
  /** Why it is open; undefined while it is closed. */
  readonly cause: Cause | undefined
  /** Returns when a message of this priority may be sent, epoch ms; undefined if it may be sent now. */
  opensAt(priority: Priority): number | undefined
  begin(): Trial
}

export const createBreaker = (now: () => number = Date.now): Breaker => {
  let cause: Cause | undefined
  let until = 0
  let triedAt = 0
  let probing = false
  let faults = 0
  let pauses = 0

  const open = (why: Cause, pauseMs: number) => {
    cause = why
    triedAt = now()
    until = triedAt + pauseMs
  }

  return {
    get cause() {
      return cause
    },
    opensAt: (priority) => {
      if (cause === undefined) return undefined
      const time = now()
      if (probing) return time + PROBING_MS
      const at = priority === 'critical' ? Math.min(until, triedAt + CRITICAL_PROBE_MS) : until
      return at > time ? at : undefined
    },
    begin: () => {
      const probe = cause !== undefined
      if (probe) probing = true
      const end = () => {
        if (probe) probing = false
        return probe || cause === undefined
      }
      return {
        succeeded: () => {
          if (!end()) return
          cause = undefined
          faults = 0
          pauses = 0
        },
        failed: (trip = true) => {
          if (!end()) return
          faults++
          if (probe || (trip && faults >= OPEN_AFTER)) open('down', FAULT_PAUSE_MS)
        },
        limited: (askedMs) => {
          if (!end()) return
          const pauseMs = askedMs ?? LIMIT_PAUSE_MS * 2 ** Math.min(pauses, 20)
          faults = 0
          pauses++
          open('limited', Math.min(pauseMs, PAUSE_CAP_MS))
        },
        released: () => void end(),
      }
    },
  }
}
