import { zoneIn } from '@carillon/core/contexts/in-context'
import type { Step } from '@carillon/core/delivery/step'
import type { StepDecision } from '@carillon/core/routing/decision'
import { needsSlot, slotRequest, throttled } from '@carillon/core/routing/throttle'
import type { Store } from '@carillon/core/store/port'
import type { SlotRequest } from '@carillon/core/store/ports/throttles'
import { DIGEST_TYPE } from '@carillon/core/template/digest-type'
import { scopeOf } from '@carillon/core/template/scope'
import { windowKey } from '@carillon/core/template/window-key'
import type { NotificationType } from '@carillon/schemas'
import { gathered } from '../consumer/gathered.ts'
import { type Join, joined } from '../digests/join.ts'
import type { Known } from './lookup.ts'

/** Longer than the event log keeps a message that nobody could finish. */
const HELD_BACK_TTL_MS = 4 * 86_400_000

/** Returns the newest step that a message covers: of a digest, its newest member. */
const newestOf = (step: Step, known: Known, now: number): Step =>
  known.members(step, now)?.left.at(-1) ?? step

/** Returns the type whose throttle counts a step. The only message of a summary counts for its own type. */
const typeOf = (step: Step, known: Known, now: number): NotificationType | undefined => {
  const left = known.members(step, now)?.left
  if (left?.length === 1 && step.digest?.kind === 'quiet_hours') return known.type(left[0]!)
  return step.digest && step.type === DIGEST_TYPE.key ? known.summaryType(step) : known.type(step)
}

/**
 * Returns a function that takes a slot for a step that would be sent now, if its type has a throttle. It resolves with the
 * step and, if it may not leave, the decision. A step that joins the type's digest instead does so on every repetition, though
 * a slot may be free by then. Steps that arrive together ask together.
 */
export const createThrottle = ({
  store,
  join,
}: {
  store: Pick<Store, 'throttles' | 'expiringKeys'>
  join: Join
}) => {
  const take = gathered((tenant, requests: readonly SlotRequest[]) => store.throttles.take(tenant, requests))
  const wasHeldBack = gathered(async (tenant, keys: readonly string[]) => {
    const found = await store.expiringKeys.get(tenant, keys)
    return keys.map((key) => found.has(key))
  })

  const requestOf = (step: Step, type: NotificationType, known: Known, now: number) => {
    const newest = newestOf(step, known, now)
    const content = known.content(newest)
    const tenancy = known.tenancy(step)
    const user = { id: step.user, profile: known.person(step).profile }
    return slotRequest(
      step,
      {
        type,
        critical: known.subject(step).critical !== undefined,
        data: content?.data,
        key: windowKey(type.throttle?.key, scopeOf(content ?? {}, user, tenancy)),
        zone: zoneIn(tenancy),
      },
      now,
    )
  }

  return async (step: Step, known: Known, now: number): Promise<{ step: Step; decision?: StepDecision }> => {
    const type = needsSlot(step) ? typeOf(step, known, now) : undefined
    const request = type?.throttle && requestOf(step, type, known, now)
    if (!type?.throttle || !request) return { step }
    const { tenant } = step
    const key = `throttled:${request.taker}`
    const joins = type.throttle.then === 'digest'
    const heldBack = joins && (await wasHeldBack(tenant, key))
    const { taken, until } = heldBack ? { taken: false, until: now } : await take(tenant, request)
    if (taken) return { step: { ...step, slot: request.key } }
    const newest = newestOf(step, known, now)
    const { digest, times } = known.facts(newest, now)
    const decision = throttled(step, type.throttle, { step: newest, digest, times }, { until, now })
    if (decision.outcome !== 'join') return { step, decision }
    if (!heldBack) await store.expiringKeys.put(tenant, [{ key, value: '' }], HELD_BACK_TTL_MS)
    const waiting = await join(step, decision.window, now)
    return { step, decision: waiting ? joined(decision, waiting) : decision }
  }
}

export type Throttle = ReturnType<typeof createThrottle>
