import type { Step } from '@carillon/core/delivery/step'
import type { InboxItem } from '@carillon/schemas'

/** What is known when a step's time has come. `item` is undefined when it is in no inbox any more. */
export type Known = { item: InboxItem | undefined; cancelled: boolean; erased: boolean; now: number }

/**
 * Whether a step is to be taken. `skip`: not this one. `end`: neither this one nor any after it, because the person has
 * dealt with the notification, or it is void. `reason` is a stable word.
 */
export type Decision = { decision: 'go' } | { decision: 'skip' | 'end'; reason: string }

const GO: Decision = { decision: 'go' }

const end = (reason: string): Decision => ({ decision: 'end', reason })

/** Why nothing that waits is to happen any more, if so. */
const ended = (item: InboxItem | undefined, now: number): string | undefined => {
  if (!item) return 'deleted'
  if (item.readAt !== null) return 'read'
  if (item.archivedAt !== null) return 'archived'
  if (item.snoozedUntil !== null && Date.parse(item.snoozedUntil) > now) return 'snoozed'
  return undefined
}

/**
 * Looks at the item's own state, which is what the person did, wherever they did it. A step that says `always` and does
 * not wait is sent whatever they did; one that waits is ended by reading like any other. Pure.
 */
export const decide = (step: Step, { item, cancelled, erased, now }: Known): Decision => {
  if (erased) return end('erased')
  if (cancelled) return end('cancelled')
  if (step.expiresAt <= now) return end('expired')
  if (step.secret !== undefined) return GO
  const { when, after } = step.plan[step.index]!
  if (when === 'always' && after === 0) return item ? GO : end('deleted')
  // Whatever came of it: an attempt that has begun, waits its turn or is tried again is `always` wanted.
  if (when === 'always' && (step.attempt !== undefined || step.queued)) return item ? GO : end('deleted')
  const dealtWith = ended(item, now)
  if (dealtWith !== undefined || !item) return end(dealtWith ?? 'deleted')
  const received = item.receivedAt !== null || item.seenAt !== null
  switch (when) {
    case 'offline':
    case 'undelivered':
      return received ? { decision: 'skip', reason: 'delivered' } : GO
    case 'unseen':
      return item.seenAt !== null ? { decision: 'skip', reason: 'seen' } : GO
    case 'failed':
      return step.failed ? GO : { decision: 'skip', reason: 'not_needed' }
    default:
      return GO
  }
}
