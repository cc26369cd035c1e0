import { setMaxListeners } from 'node:events'
import type { Address, Outcome, Outgoing, Provider, Sender } from '@carillon/core/delivery/provider'
import type { Priority } from '@carillon/schemas'
import { type Breaker, type Cause, createBreaker, type Trial } from './breaker.ts'
import { type Bulkhead, createBulkhead } from './bulkhead.ts'
import type { Failure } from './result.ts'

/** How long a message may wait for a free place, while others wait behind it in the queue. */
const PATIENCE_MS = 2_000
/** The shortest wait of a message that found every place taken. */
const RETRY_SLOT_FIRST_MS = 500
/** The longest time between two retry slots: a provider that was slow for a while may be fast when they are due. */
const RETRY_SLOT_GAP_MS = 4
/** Messages whose retry slots lie within this time come back together: the log is woken once. */
const RETRY_SLOTS_TOGETHER_MS = 100
/** The time between two messages that come back after a pause. */
const PAUSE_SPREAD_MS = 1
/** A send that has not ended by then is abandoned, and its place is free again whatever the provider does. */
const SEND_LIMIT_MS = 20_000
/** Recipients in trouble that are remembered. */
const RECIPIENTS_MAX = 1_000
/** Different recipients that are rate limited, with no success between them, show that the limit is the account's. */
const RECIPIENTS_LIMITED = 5
/** Different recipients that fail, with no success between them, show that the fault is the provider's. */
const RECIPIENTS_FAILING = 2

/** The breaker is open until `at` (epoch ms). `failure` is what the provider said last. */
export type Refusal = { outcome: 'paused'; at: number; cause: Cause; failure: Failure }

/** The right to send one message. It has to be used or released. */
export type Permit = { outcome?: undefined; send(message: Outgoing): Promise<Outcome>; release(): void }

/**
 * An account, or one host of it where addresses are URLs: the unit that has a bulkhead, a circuit breaker and rate-limit
 * pauses of its own. Each recipient in trouble has a breaker as well, so that a limit on one leaves the others alone.
 */
export type Upstream = {
  /** Admits a bounded number of sends at once. */
  bulkhead: Bulkhead
  /** Returns when a message that found every place taken should come back, epoch ms. */
  retrySlot(): number
  /** Returns why a message must not be sent now; undefined if it may. */
  refusal(priority: Priority, recipient: string): Refusal | undefined
  /** Admits a message; the probe if the breaker is half-open. */
  admit(priority: Priority, recipient: string): Refusal | Permit
}

type Troubled = { breaker: Breaker; failure: Failure }

const UNKNOWN_FAULT: Failure = {
  outcome: 'retry',
  reason: 'provider_down',
  detail: 'the provider failed repeatedly',
}

/** Never aborted: senders end by themselves. A controller for each message would cost as much as signing it. */
const NEVER_ABORTED = new AbortController().signal
setMaxListeners(0, NEVER_ABORTED)

const sendLimited = async (sender: Sender, message: Outgoing): Promise<Outcome> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Outcome>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({ outcome: 'doubt', reason: 'timeout', detail: `no end after ${SEND_LIMIT_MS / 1_000} s` }),
      SEND_LIMIT_MS,
    )
  })
  try {
    return await Promise.race([sender.send(message, NEVER_ABORTED), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Returns what rate limits of one recipient apply to: the mailbox, number, URL, token or chat. */
export const recipientOf = (address: Address): string => {
  if (address.kind === 'email') return address.email.toLowerCase()
  if (address.kind === 'phone') return address.phone
  if (address.kind === 'account') return ''
  const { device } = address
  if ('url' in device) return device.url
  if ('endpoint' in device) return device.endpoint
  if ('token' in device) return device.token
  return 'chat' in device ? device.chat : device.channel
}

export const createUpstream = (
  sender: Sender,
  { concurrency }: Pick<Provider, 'concurrency'>,
  now: () => number = Date.now,
): Upstream => {
  const bulkhead = createBulkhead(concurrency, PATIENCE_MS)
  const whole = createBreaker(now)
  const troubled = new Map<string, Troubled>()
  /** Since the last success; no larger than the number that matters. */
  const limited = new Set<string>()
  const failing = new Set<string>()
  let fault: Failure = UNKNOWN_FAULT
  let slot = 0
  const spread = { critical: { from: 0, offset: 0 }, others: { from: 0, offset: 0 } }

  const inTrouble = (recipient: string, failure: Failure): Troubled => {
    const known = troubled.get(recipient)
    if (known) return Object.assign(known, { failure })
    const [oldest] = troubled.size >= RECIPIENTS_MAX ? troubled.keys() : []
    if (oldest !== undefined) troubled.delete(oldest)
    const fresh = { breaker: createBreaker(now), failure }
    troubled.set(recipient, fresh)
    return fresh
  }

  /** Those that wait for the end of one pause come back one after the other. */
  const afterPause = (at: number, priority: Priority) => {
    const place = priority === 'critical' ? spread.critical : spread.others
    if (place.from !== at) Object.assign(place, { from: at, offset: 0 })
    place.offset += PAUSE_SPREAD_MS
    return at + place.offset
  }

  const refusal = (priority: Priority, recipient: string): Refusal | undefined => {
    const own = troubled.get(recipient)
    for (const { breaker, failure } of [{ breaker: whole, failure: fault }, ...(own ? [own] : [])]) {
      const at = breaker.opensAt(priority)
      if (at !== undefined && breaker.cause !== undefined)
        return { outcome: 'paused', at: afterPause(at, priority), cause: breaker.cause, failure }
    }
    return undefined
  }

  const record = (recipient: string, all: Trial, own: Trial | undefined, outcome: Outcome) => {
    if (outcome.outcome === 'sent' || outcome.outcome === 'refused') {
      all.succeeded()
      own?.succeeded()
      troubled.delete(recipient)
      limited.clear()
      failing.clear()
      return
    }
    const { breaker } = inTrouble(recipient, outcome)
    const trial = own ?? breaker.begin()
    const concernsAll = outcome.outcome !== 'retry' || outcome.scope !== 'recipient'
    if (concernsAll || limited.size >= RECIPIENTS_LIMITED - 1) fault = outcome
    if (outcome.outcome !== 'retry' || outcome.scope === undefined) {
      if (failing.size < RECIPIENTS_FAILING) failing.add(recipient)
      all.failed(failing.size >= RECIPIENTS_FAILING)
      trial.failed()
    } else if (outcome.scope === 'account') {
      all.limited(outcome.afterMs)
      trial.released()
    } else if (outcome.reason === 'rate_limited') {
      if (limited.size < RECIPIENTS_LIMITED) limited.add(recipient)
      if (limited.size >= RECIPIENTS_LIMITED) all.limited(outcome.afterMs)
      else all.succeeded()
      trial.limited(outcome.afterMs)
    } else {
      all.succeeded()
      trial.failed()
    }
  }

  return {
    bulkhead,
    retrySlot: () => {
      // Sooner than a place is expected to be free: a message that is too early gets another slot.
      slot = Math.max(now() + RETRY_SLOT_FIRST_MS, slot) + Math.min(bulkhead.gap / 2, RETRY_SLOT_GAP_MS)
      return Math.ceil(slot / RETRY_SLOTS_TOGETHER_MS) * RETRY_SLOTS_TOGETHER_MS
    },
    refusal,
    admit: (priority, recipient) => {
      const refused = refusal(priority, recipient)
      if (refused) return refused
      const all = whole.begin()
      const own = troubled.get(recipient)?.breaker.begin()
      const release = () => {
        all.released()
        own?.released()
      }
      return {
        release,
        send: async (message) => {
          let outcome: Outcome
          try {
            outcome = await sendLimited(sender, message)
          } catch (error) {
            release()
            throw error
          }
          record(recipient, all, own, outcome)
          return outcome
        },
      }
    },
  }
}
