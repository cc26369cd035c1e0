import { dueAt, planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import { UnavailableError } from '@carillon/core/errors'
import { GRACE_MS, type Live, type Presence } from '@carillon/core/live/port'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import type { Plan } from '@carillon/schemas'

/** An item that has been stored and handed over live, what follows, and whether a hub held its user just then. */
export type Stored = { item: NewItem; plan: Plan; sender?: string; toAudience: boolean; connected: boolean }

const firstStep = ({ item, plan, sender, toAudience }: Stored, now: number): Step => {
  const { tenant, user, content, expiresAt } = item
  return {
    tenant,
    user,
    notification: content.notification,
    item: content.id,
    sender,
    type: content.type,
    priority: content.priority,
    at: now,
    expiresAt,
    plan,
    index: 0,
    toAudience,
  }
}

const onlyWhenOffline = ({ plan }: Stored) => plan[0]?.when === 'offline'

/**
 * The first step of each item's plan, for the log: at once, or to wait for its time. One that wants the person to be
 * offline is due at once when nobody is there; when somebody is, or was a moment ago and may only be loading a page anew,
 * it waits for GRACE_MS and then looks whether an app of theirs has taken the item.
 */
export const firstMessages = (
  stored: readonly Stored[],
  presence: (stored: Stored) => Presence,
  now: number,
): OutgoingMessage[] =>
  stored.map((each) => {
    const first = firstStep(each, now)
    // Nothing stands before the first step that could have failed.
    const index = each.plan.findIndex(({ when }) => when !== 'failed')
    const step = { ...first, index: Math.max(index, 0) }
    const grace = onlyWhenOffline(each) && presence(each) !== 'away' ? now + GRACE_MS : 0
    const at = Math.max(dueAt(step), grace)
    return at > now
      ? stepMessage(step, { at, key: planKey(step) })
      : { ...stepMessage(step), dedupe: stepDedupe(step) }
  })

/**
 * Says of each whether its user is here, has just left, or is away. Only those who were not connected are asked for, and
 * only where it matters. Nobody is thought to be here while the live bus is out of reach.
 */
export const askPresence = async (
  live: Pick<Live, 'presence'>,
  stored: readonly Stored[],
): Promise<(stored: Stored) => Presence> => {
  const gone = stored.filter((each) => onlyWhenOffline(each) && !each.connected)
  const left = new Set<Stored>()
  if (gone.length > 0) {
    try {
      const answers = await live.presence(gone.map(({ item: { tenant, user } }) => ({ tenant, user })))
      for (const [index, each] of gone.entries()) if (answers[index] !== 'away') left.add(each)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
    }
  }
  return (each) => (each.connected ? 'here' : left.has(each) ? 'left' : 'away')
}
