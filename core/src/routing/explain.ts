import type { Delivery, InboxItem } from '@carillon/schemas'
import { DECISION_STAGES } from '@carillon/schemas'
import type { NotificationProgress } from '../store/ports/notifications.ts'
import { decisionPlace } from '../store/rules/decision-rows.ts'
import type { Decision } from './decision.ts'
import { type DeliveryDecision, deliveryDecisions } from './explain-delivery.ts'
import { sentenceOf } from './explain-text.ts'

/** The recorded data about a notification and one user. */
export type Facts = {
  /** Absent for a one-time password. */
  record?: NotificationProgress | undefined
  /** Decisions about the user and about everybody. */
  stored: readonly Decision[]
  /** The recorded `pass` decisions of steps. */
  passed: readonly Decision[]
  deliveries: readonly Delivery[]
  item?:
    | Pick<
        InboxItem,
        'variant' | 'createdAt' | 'arrivedAt' | 'receivedAt' | 'seenAt' | 'readAt' | 'archivedAt'
      >
    | undefined
  /** An item was stored for the user, although the record does not name the user. Undefined if that is not known. */
  received?: boolean | undefined
  /** When it is due in the user's time zone, if it has a local time, epoch ms. */
  dueAt?: number | undefined
  /** When it expires in the user's time zone, if its expiry is local, epoch ms. */
  expiresAt?: number | undefined
  now: number
}

/** A decision in words. */
export type Explained = DeliveryDecision & { text: string }

/** Describes a decision without recorded facts. */
export const inWords = (decision: Decision): Explained => ({
  ...decision,
  text: sentenceOf(decision, { item: {} }),
})

/** Reports whether the decision ends a notification for everybody. */
const isForEverybody = ({ stage, outcome, reason }: Decision): boolean =>
  stage === 'audience' && outcome === 'end' && (reason === 'cancelled' || reason === 'expired')

/** Reports whether the notification reached the user, or a decision against the user is recorded. */
const isAddressed = (user: string, { record, stored, deliveries, item, received }: Facts): boolean =>
  item !== undefined ||
  received === true ||
  deliveries.length > 0 ||
  stored.some((decision) => !isForEverybody(decision)) ||
  [...(record?.users ?? []), ...(record?.absent ?? [])].includes(user)

const audience = (at: number, more: Pick<Decision, 'outcome' | 'by' | 'path' | 'reason' | 'until'>) =>
  ({ at, stage: 'audience', ...more }) as const

/** Returns the decision by which the user waits, or waited, for a local time. */
const waitFor = ({ stored }: Facts): Decision | undefined =>
  stored.find(({ stage, outcome }) => stage === 'audience' && outcome === 'wait')

/** Reports whether the user still waits for a local time, as far as recorded. */
const isWaiting = (facts: Facts): boolean =>
  waitFor(facts) !== undefined &&
  facts.record?.state !== 'delivered' &&
  facts.item === undefined &&
  facts.received !== true &&
  facts.deliveries.length === 0

/** Returns when the notification was due for the user. */
const startOf = ({ acceptedAt, deliverAt }: NotificationProgress, facts: Facts): number =>
  Math.max(acceptedAt, deliverAt ?? 0, waitFor(facts)?.until ?? 0)

/** Returns whether the user is a recipient, unless a record says otherwise. */
const audienceDecisions = (record: NotificationProgress, addressed: boolean, facts: Facts): Decision[] => {
  const { state, acceptedAt, deliverAt, decisions: planned } = record
  const found: Decision[] = []
  const wait = waitFor(facts)
  if (!wait && deliverAt !== undefined && deliverAt > acceptedAt)
    found.push(
      audience(acceptedAt, {
        outcome: 'wait',
        ...{ by: 'sender', path: 'deliverAt', reason: 'scheduled', until: facts.dueAt ?? deliverAt },
      }),
    )
  if (isWaiting(facts)) return found
  const told = facts.stored.filter(({ stage, outcome }) => stage === 'audience' && outcome !== 'wait')
  if (state === 'scheduled' || told.some((decision) => !isForEverybody(decision))) return found
  const at = startOf(record, facts)
  const begun = planned !== undefined || deliverAt === undefined
  if (addressed && begun && (told.length === 0 || facts.item))
    found.push(audience(at, { outcome: 'pass', by: 'sender', path: 'to' }))
  else if (state !== 'cancelled' && told.length === 0)
    found.push(
      state === 'delivering' || !begun
        ? audience(facts.now, { outcome: 'wait', by: 'system', reason: 'delivering' })
        : audience(at, { outcome: 'end', by: 'sender', path: 'to', reason: 'not_recipient' }),
    )
  return found
}

const arrival = ({ arrivedAt, createdAt }: NonNullable<Facts['item']>) => Date.parse(arrivedAt ?? createdAt)

/** Without recorded decisions, the item itself shows that it was stored. */
const storedItem = (item: Facts['item']): Decision[] =>
  item ? [{ at: arrival(item), stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'system' }] : []

/** Returns the decisions about every recipient, at the times at which they took effect for this one. */
const decisionsForAll = (record: NotificationProgress, facts: Facts): Decision[] => {
  const { stored, item } = facts
  if (stored.some(({ reason }) => reason === 'replaced' || reason === 'superseded')) return []
  // An item that has expired, or was deleted, does not say when it arrived.
  const arrived = item ? arrival(item) : startOf(record, facts)
  const decided = stored.some(({ channel }) => channel === 'inbox')
  return (record.decisions ?? storedItem(item)).flatMap((decision) => {
    const { at, stage, until, path } = decision
    if (stage === 'inbox' && decided) return []
    const moved = Math.max(0, arrived - at)
    // A step that waits for a date is due at the same time, whenever the item was stored.
    if (path?.endsWith('.from')) return [{ ...decision, at: at + moved }]
    return [{ ...decision, at: at + moved, ...(until === undefined ? {} : { until: until + moved }) }]
  })
}

/** Returns the ends of the whole notification that have no decision row. */
const ends = (record: NotificationProgress, got: boolean, facts: Facts): Decision[] => {
  const { cancelledAt } = record
  const expiresAt = facts.expiresAt ?? record.expiresAt
  const told = (reason: Decision['reason']) => facts.stored.some((decision) => decision.reason === reason)
  const found: Decision[] = []
  if (cancelledAt !== undefined && !told('cancelled'))
    found.push({
      ...{ at: cancelledAt, stage: got ? 'condition' : 'audience', outcome: 'end' },
      ...{ by: 'sender', reason: 'cancelled' },
    })
  if (got && expiresAt !== undefined && expiresAt <= facts.now && !told('expired'))
    found.push({
      ...{ at: expiresAt, stage: 'inbox', channel: 'inbox', outcome: 'end' },
      ...{ by: 'sender', path: 'expiresAt', reason: 'expired' },
    })
  return found
}

/** Returns the variant that the user got. */
const variantOf = ({ item, deliveries }: Facts): string | undefined =>
  item?.variant ?? deliveries.find(({ variant }) => variant !== undefined)?.variant

/** Omits decisions about other variants, and adds the user's variant where it took effect. */
export const withVariant = <Found extends Decision>(
  decisions: readonly Found[],
  own: string | undefined,
): Found[] =>
  decisions.flatMap(({ variant, ...decision }) => {
    if (variant !== undefined && variant !== (own ?? '')) return []
    const { stage, outcome } = decision
    const isGiven = stage === 'send' || (outcome === 'pass' && (stage === 'inbox' || stage === 'condition'))
    return [(own !== undefined && isGiven ? { ...decision, variant: own } : decision) as Found]
  })

/** Keeps the earliest of equal decisions, because each device of a step repeats the passed stages. */
const once = (decisions: readonly Decision[]): Decision[] => {
  const found = new Map<string, Decision>()
  for (const decision of [...decisions].sort((one, other) => one.at - other.at)) {
    const place = decisionPlace(decision)
    if (!found.has(place)) found.set(place, decision)
  }
  return [...found.values()]
}

const STAGE_ORDER = Object.keys(DECISION_STAGES)
const inOrder = (one: Decision, other: Decision): number =>
  one.at - other.at || STAGE_ORDER.indexOf(one.stage) - STAGE_ORDER.indexOf(other.stage)

/**
 * Returns the decisions about a notification and a user, in order of time. It only reads what was recorded
 * when each decision was taken, so later changes have no effect. Every stored decision is included. Pure.
 */
export const explain = (user: string, facts: Facts): Explained[] => {
  const { record, stored, passed, deliveries, item } = facts
  const addressed = isAddressed(user, facts)
  const ended = stored.some(({ stage, outcome }) => stage === 'audience' && outcome === 'end')
  const got = addressed && !(ended && item === undefined) && !isWaiting(facts)
  const decisions: DeliveryDecision[] = [
    ...(record ? audienceDecisions(record, addressed, facts) : []),
    ...(record && got ? decisionsForAll(record, facts) : []),
    ...stored,
    ...once(passed),
    ...deliveries.flatMap((delivery) => deliveryDecisions(delivery, stored)),
    ...(record ? ends(record, got && record.decisions !== undefined, facts) : []),
  ]
  return withVariant(decisions, variantOf(facts))
    .sort(inOrder)
    .map((decision) => ({
      ...decision,
      text: sentenceOf(decision, { item, unsure: facts.received === undefined }),
    }))
}
