import { setMaxListeners } from 'node:events'
import type { Outcome, Outgoing, Provider, Sender } from '@carillon/core/delivery/provider'
import { type Breakers, createBreakers } from './breakers.ts'
import { type Bulkhead, createBulkhead } from './bulkhead.ts'

/** How long a message may wait for a free place while others wait behind it in the queue, in ms. */
const PATIENCE_MS = 2_000
/** The shortest wait of a message that found every place taken. */
const RETRY_SLOT_FIRST_MS = 500
/**
 * The longest time between two retry slots, because a provider that was slow for a while may be fast when
 * they are due.
 */
const RETRY_SLOT_GAP_MS = 4
/** Messages whose retry slots lie within this time return together, so that the log is woken once. */
const RETRY_SLOTS_TOGETHER_MS = 100
/** A send that has not ended after this time is abandoned, and its place is freed whatever the provider does. */
const SEND_LIMIT_MS = 20_000

/**
 * An account, or one of its hosts if addresses are URLs. Each has its own bulkhead and circuit breakers, so that it
 * delays only itself.
 */
export type Upstream = {
  bulkhead: Bulkhead
  breakers: Breakers
  /** Returns when a message that found no free place should return, epoch ms. */
  retrySlot(): number
  /** Sends one message. A send that does not end in time is in doubt. */
  send(message: Outgoing): Promise<Outcome>
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

export const createUpstream = (
  sender: Sender,
  { concurrency }: Pick<Provider, 'concurrency'>,
  now: () => number = Date.now,
): Upstream => {
  const bulkhead = createBulkhead(concurrency, PATIENCE_MS)
  let slot = 0
  return {
    bulkhead,
    breakers: createBreakers(now),
    retrySlot: () => {
      // Earlier than a place is expected to be free; a message that is too early gets another slot.
      slot = Math.max(now() + RETRY_SLOT_FIRST_MS, slot) + Math.min(bulkhead.gap / 2, RETRY_SLOT_GAP_MS)
      return Math.ceil(slot / RETRY_SLOTS_TOGETHER_MS) * RETRY_SLOTS_TOGETHER_MS
    },
    send: (message) => sendLimited(sender, message),
  }
}
