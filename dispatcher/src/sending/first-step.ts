import { type SealedOverrides, sealOverrides } from '@carillon/core/delivery/sealed-overrides'
import { planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { Live, Presence } from '@carillon/core/live/port'
import { presenceOf } from '@carillon/core/live/presence'
import { firstDue, firstIndex, firstNeedsPresence } from '@carillon/core/routing/first-step'
import type { Seal } from '@carillon/core/security/seal'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { type Entry, expiryOf, hasItem } from '../inbox/item.ts'

const firstStep = (entry: Entry, overrides: SealedOverrides | undefined, now: number): Step => {
  const { ready, user, planned, topics, id: item, content } = entry
  const { tenant, id, notification, version, revision, toAudience } = ready
  return {
    tenant,
    user,
    notification: id,
    ...(hasItem(entry) ? { item } : { content: { id: item, ...content } }),
    ...(planned.inbox === 'silent' ? { silent: true } : {}),
    ...(notification.context === undefined ? {} : { context: notification.context }),
    sender: notification.sender,
    type: notification.type,
    ...(version === undefined ? {} : { version }),
    ...(revision === undefined ? {} : { revision }),
    ...(planned.variant === undefined ? {} : { variant: planned.variant }),
    priority: notification.priority,
    at: now,
    expiresAt: expiryOf(entry),
    plan: planned.steps,
    ...(notification.plan === undefined ? {} : { ownPlan: true }),
    index: firstIndex(planned.steps),
    ...(overrides ? { overrides } : {}),
    ...(notification.test ? { test: true } : {}),
    toAudience,
    ...(topics ? { topics: [...topics] } : {}),
  }
}

const needsPresence = (entry: Entry) => firstNeedsPresence(entry.planned.steps, hasItem(entry))

/** Returns the message of an entry's first step, scheduled if it is not due yet. */
const firstMessage = (
  entry: Entry,
  { presence, overrides, now }: { presence: Presence; overrides: SealedOverrides | undefined; now: number },
): OutgoingMessage => {
  const step = firstStep(entry, overrides, now)
  const at = firstDue(step.plan, { at: now, hasItem: hasItem(entry), presence })
  return at > now
    ? stepMessage(step, { at, key: planKey(step) })
    : { ...stepMessage(step), dedupe: stepDedupe(step) }
}

/** Encrypts the overrides of each notification once, however many recipients it has. */
const overridesOf = (seal: Pick<Seal, 'seal'>) => {
  const sealed = new Map<Entry['ready'], SealedOverrides>()
  return (ready: Entry['ready']): SealedOverrides | undefined => {
    const { tenant, id, notification } = ready
    if (notification.overrides === undefined) return undefined
    const known = sealed.get(ready)
    if (known) return known
    const fresh = sealOverrides(seal, { tenant, notification: id }, notification.overrides)
    sealed.set(ready, fresh)
    return fresh
  }
}

/**
 * Starts delivery plans: appends the first step of each entry to the log. `connected` are the entries whose
 * user had an active connection when their item was delivered live. Presence is looked up only for the others, and only
 * if a step depends on it. While the live bus is unavailable, all users count as away.
 */
export const createStartPlans = ({
  live,
  stream,
  seal,
}: {
  live: Pick<Live, 'presence'>
  stream: Pick<Stream, 'publish'>
  seal: Pick<Seal, 'seal'>
}) => {
  const lookUpPresence = async (entries: readonly Entry[]): Promise<ReadonlyMap<Entry, Presence>> => {
    const viewers = entries.map(({ ready, user, content: { context } }) => ({
      ...{ tenant: ready.tenant, user, context },
    }))
    const found = await presenceOf(live, viewers)
    // A user who is connected by now was not connected when the item was delivered live.
    return new Map(entries.map((entry, index) => [entry, found[index] === 'away' ? 'away' : 'left']))
  }

  return async (entries: readonly Entry[], connected: ReadonlySet<Entry>): Promise<void> => {
    const planned = entries.filter((entry) => entry.planned.steps.length > 0)
    if (planned.length === 0) return
    const left = await lookUpPresence(
      planned.filter((entry) => needsPresence(entry) && !connected.has(entry)),
    )
    const now = Date.now()
    const overrides = overridesOf(seal)
    await stream.publish(
      planned.map((entry) => {
        const presence = connected.has(entry) ? 'here' : (left.get(entry) ?? 'away')
        return firstMessage(entry, { presence, overrides: overrides(entry.ready), now })
      }),
    )
  }
}

export type StartPlans = ReturnType<typeof createStartPlans>
