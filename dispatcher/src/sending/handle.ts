import type { Endpoints } from '@carillon/core/delivery/endpoints'
import type { Capture } from '@carillon/core/delivery/provider'
import { dueAt, planKey, type Step, stepAfter, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { InboxItem, Suppression } from '@carillon/schemas'
import { listedMessage } from '../channels/capture.ts'
import type { AccountBook } from './accounts.ts'
import type { Attempt } from './attempt.ts'
import { nextAtOnce } from './conclude.ts'
import { decide } from './decide.ts'
import { type Target, targetsOf, webhookUrl } from './destinations.ts'
import type { Known } from './lookup.ts'
import { changeOf, nothing, type Result } from './result.ts'

export type HandlePorts = {
  store: Pick<Store, 'suppressions' | 'deliveries'>
  accounts: AccountBook
  endpoints: Endpoints
  attempt: Attempt
  metrics: Metrics
  /** Development only: told of what could not be sent, too. */
  capture?: Capture
}

/** An unsubscription is about what one could do without; everything else is about the address. */
const suppresses = (suppression: Suppression | undefined, { priority }: Step) =>
  suppression !== undefined && !(suppression.reason === 'unsubscribe' && priority === 'critical')

const decideKnown = (step: Step, known: Known) =>
  decide(step, {
    item: known.item(step),
    cancelled: known.cancelled(step),
    erased: known.erased(step),
    now: Date.now(),
  })

/**
 * The step that waits for its own time from now on, to be put into the log before this one is handled: it has nothing to
 * do with how long this one's provider takes. None when nothing is to follow, or when this one has been looked at before.
 */
export const following = (step: Step, known: Known): OutgoingMessage[] => {
  const next = step.target === undefined && step.attempt === undefined ? stepAfter(step) : undefined
  if (!next || decideKnown(step, known).decision === 'end') return []
  return [stepMessage(next, { at: dueAt(next), key: planKey(step) })]
}

/**
 * Handles one step whose time has come: is it still wanted; then each of the person's targets is tried. Everything it
 * leads to is in the result, except what is `following`. Repeatable.
 */
export const createHandle = ({ store, accounts, endpoints, attempt, metrics, capture }: HandlePorts) => {
  const skip = (step: Step, reason: string): Result => {
    const result = nothing(step.tenant)
    result.changes.push(changeOf(step, 'skipped', { reason }))
    metrics.skipped.inc({ channel: step.plan[step.index]!.channel, reason })
    return result
  }

  /**
   * Nobody can be reached by this step, which is no failure, but the next one's turn has come; if it is one of several
   * targets that cannot, only when all of them have come to nothing.
   */
  const unreachable = (step: Step, known: Known, reason: string): Result => {
    const result = skip(step, reason)
    capture?.(listedMessage(step, known.item(step), { skipped: reason }))
    if (step.target) result.failed = step
    else result.messages.push(...nextAtOnce(step))
    return result
  }

  /** Development: shows what an account does for real, and what keeps it from that. */
  const tell = (step: Step, item: InboxItem | undefined, { changes }: Result) => {
    const last = changes.at(-1)
    if (!last || last.provider === undefined || last.provider === 'capture') return
    const { state, provider, reason, detail = '', nextAttempt } = last
    const until = nextAttempt === undefined ? {} : { until: new Date(nextAttempt).toISOString() }
    const trouble = reason === undefined ? {} : { trouble: { state, reason, detail, ...until } }
    capture?.(listedMessage(step, item, { provider, ...trouble }))
  }

  /** Takes away what is on the suppression list. */
  const allowed = async (step: Step, targets: readonly Target[]): Promise<Target[]> => {
    const { channel } = step.plan[step.index]!
    const addresses = targets.flatMap(({ ways }) =>
      ways.flatMap(({ address }) =>
        address.kind === 'email' ? [address.email] : address.kind === 'phone' ? [address.phone] : [],
      ),
    )
    if (addresses.length === 0) return [...targets]
    const unique = [...new Set(addresses)]
    const found = await store.suppressions.find(
      step.tenant,
      unique.map((address) => ({ channel, address })),
    )
    const out = new Set(unique.filter((_, index) => suppresses(found[index], step)))
    return targets.flatMap(({ target, ways }) => {
      const left = ways.filter(
        ({ address }) =>
          !(address.kind === 'email' && out.has(address.email)) &&
          !(address.kind === 'phone' && out.has(address.phone)),
      )
      return left.length > 0 ? [{ target, ways: left }] : []
    })
  }

  /** Leaves out webhooks that have failed for days. */
  const enabled = async (step: Step, targets: readonly Target[]): Promise<Target[]> => {
    const { channel } = step.plan[step.index]!
    if (channel !== 'webhook') return [...targets]
    const kept = await Promise.all(
      targets.map(async ({ target, ways }) => {
        const off = await Promise.all(
          ways.map((way) => {
            const url = webhookUrl(channel, way)
            return url !== undefined && endpoints.disabled(step.tenant, url)
          }),
        )
        return { target, ways: ways.filter((_, index) => !off[index]) }
      }),
    )
    return kept.filter(({ ways }) => ways.length > 0)
  }

  const reach = async (step: Step, known: Known): Promise<Result> => {
    const { channel } = step.plan[step.index]!
    const serving = await accounts.serving(step.tenant, channel)
    if (serving.length === 0) return unreachable(step, known, 'no_provider')
    const targets = targetsOf(channel, serving, known.person(step))
    if (targets.length === 0) return unreachable(step, known, 'no_address')
    const wanted =
      step.target === undefined ? targets : targets.filter(({ target }) => target === step.target)
    // The device has gone since.
    if (wanted.length === 0) return unreachable(step, known, 'no_address')
    const open = await allowed(step, wanted)
    if (open.length === 0) return unreachable(step, known, 'suppressed')
    const left = await enabled(step, open)
    if (left.length === 0) return unreachable(step, known, 'endpoint_disabled')
    const [only] = left
    if (only && left.length === 1) {
      const one = { ...step, target: only.target }
      const result = await attempt(one, known.item(step), only)
      if (capture) tell(one, known.item(step), result)
      return result
    }
    // Each on its own from here on: one that has to wait or fails does not hold up the others.
    const result = nothing(step.tenant)
    for (const { target } of left) {
      const one = { ...step, target }
      result.changes.push(changeOf(one, 'queued'))
      result.messages.push({ ...stepMessage(one), dedupe: stepDedupe(one) })
    }
    // Before any of them is on its way: one that fails at once has to find the others on record.
    await store.deliveries.record(step.tenant, result.changes)
    return result
  }

  const handled = async (step: Step, known: Known): Promise<Result> => {
    const decision = decideKnown(step, known)
    return decision.decision === 'go' ? reach(step, known) : skip(step, decision.reason)
  }

  return async (step: Step, known: Known): Promise<Result> => {
    const begun = Date.now()
    const result = await handled(step, known)
    if (step.attempt !== undefined || step.queued) return result
    return { ...result, changes: [...beginnings(step, result.changes, begun), ...result.changes] }
  }
}

/** What stands before the first change of each delivery: that it was asked for, and that its turn came. */
const beginnings = (step: Step, changes: readonly DeliveryChange[], begun: number): DeliveryChange[] =>
  changes.flatMap(({ device, state }) => {
    const requested = { ...changeOf(step, 'requested', { at: step.at }), device }
    return state === 'skipped'
      ? [requested]
      : [requested, { ...changeOf(step, 'queued', { at: begun }), device }]
  })

export type Handle = ReturnType<typeof createHandle>
