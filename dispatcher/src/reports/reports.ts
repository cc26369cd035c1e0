import { hash } from 'node:crypto'
import { deliveryEvent } from '@carillon/core/delivery/events'
import type { Report } from '@carillon/core/delivery/provider'
import { planKey, type Step, stepMessage } from '@carillon/core/delivery/step'
import { slices } from '@carillon/core/group-by'
import { conclude } from '@carillon/core/routing/after-failure'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { VariantMark } from '@carillon/core/store/ports/variant-figures'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { type Channel, cut } from '@carillon/schemas'
import { createSentMessages, type Match, type SentMessage, type StateReport } from './sent-messages.ts'
import { createSuppress } from './suppressions.ts'

/** Maximum number of reports that are applied together. */
const BATCH = 500
const REASON_MAX = 200

const digest = (...parts: (string | number | undefined)[]) => hash('sha256', parts.join('\n'), 'base64url')

/** Returns the mark that a report leaves on the user's variant: none after a failure, or without a variant. */
const markOf = ({ step, report: { state } }: Match): VariantMark[] => {
  const { type, variant, notification, user, test } = step
  if (variant === undefined || test || state === 'failed') return []
  return [{ type, variant, figure: state, notification, user }]
}

/**
 * Applies provider reports about messages and addresses. Reports may arrive in any order, repeatedly, and
 * before the send is recorded; the result is the same.
 */
export const createReports = ({
  store,
  stream,
  seal,
  now = Date.now,
}: {
  store: Pick<Store, 'expiringKeys' | 'deliveries' | 'suppressions' | 'variantFigures'>
  stream: Pick<Stream, 'publish'>
  seal: Pick<Seal, 'digest'>
  now?: () => number
}) => {
  const { deliveries } = store
  const sentMessages = createSentMessages(store.expiringKeys)
  const suppress = createSuppress({ ...store, seal })

  /** Invalid and future times are replaced by the current time. */
  const timeOf = ({ at }: Report) => (at >= 0 && at <= now() ? at : now())

  const changeOf = ({ account, step, sentAt, report }: Match, channel: Channel): DeliveryChange => ({
    notification: step.notification,
    user: step.user,
    step: step.index,
    channel,
    device: step.destination ?? '',
    toAudience: step.toAudience,
    state: report.state,
    // Providers report in whole seconds by their own clocks, so a report may seem older than its message.
    at: Math.max(timeOf(report), sentAt),
    provider: account,
    providerId: report.id,
    ...(step.variant === undefined ? {} : { variant: step.variant }),
    ...(step.test ? { test: true } : {}),
    ...(report.reason === undefined ? {} : { reason: cut(report.reason, REASON_MAX) }),
  })

  const eventOf = (tenant: string, change: DeliveryChange, attempt: number): OutgoingMessage => ({
    ...deliveryEvent(tenant, { ...change, attempt }),
    dedupe: digest('reported', tenant, change.provider, change.providerId, change.state),
  })

  /** Returns the step that this report makes due. The failure of one device is not a failure of the step. */
  const nextOf = ({ step, report }: Match): Step | undefined => {
    if (report.state !== 'failed' || step.destination) return undefined
    const conclusion = conclude(step, [])
    return conclusion.follows === 'next' ? conclusion.step : undefined
  }

  /** Returns the next steps of failed messages, due at once, unless a later step was already attempted. */
  const nextSteps = async (tenant: string, matches: readonly Match[]): Promise<OutgoingMessage[]> => {
    const failed = matches.flatMap((match) => {
      const next = nextOf(match)
      return next ? [{ step: match.step, next }] : []
    })
    if (failed.length === 0) return []
    const rows = await deliveries.of(
      tenant,
      failed.map(({ step: { notification, toAudience, user } }) => ({ id: notification, toAudience, user })),
    )
    return failed.flatMap(({ step, next }, index) => {
      const wentOn = rows[index]?.some((row) => (row.step ?? 0) > step.index && row.state !== 'skipped')
      if (wentOn) return []
      const { notification, user, replay = 0 } = step
      const dedupe = digest('failed', tenant, notification, user, step.index, replay)
      return [{ ...stepMessage(next, { at: now(), key: planKey(step) }), dedupe }]
    })
  }

  const applyStates = async (tenant: string, matches: readonly Match[]): Promise<void> => {
    const changes = matches.flatMap((match) => {
      const channel = match.step.plan[match.step.index]?.channel
      return channel ? [{ match, change: changeOf(match, channel) }] : []
    })
    if (changes.length === 0) return
    const further = await nextSteps(tenant, matches)
    await deliveries.record(
      tenant,
      changes.map(({ change }) => change),
    )
    await store.variantFigures.mark(tenant, matches.flatMap(markOf))
    await stream.publish([
      ...further,
      ...changes.map(({ match, change }) => eventOf(tenant, change, match.step.attempt ?? 1)),
    ])
  }

  return {
    /** Remembers sent messages for later reports, and applies reports that have already arrived. */
    remember: async (tenant: string, sent: readonly SentMessage[]): Promise<void> =>
      applyStates(tenant, await sentMessages.remember(tenant, sent)),

    /** Applies a provider's reports to an account, in batches. Repeatable. */
    apply: async (tenant: string, account: string, reports: readonly Report[]): Promise<void> => {
      for (const batch of slices(reports, BATCH)) {
        await suppress(tenant, account, batch, timeOf)
        const states = batch.filter(
          (report): report is StateReport => report.id !== undefined && report.state !== undefined,
        )
        await applyStates(tenant, await sentMessages.match(tenant, account, states))
      }
    },
  }
}

export type Reports = ReturnType<typeof createReports>
