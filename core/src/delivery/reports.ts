import { hash } from 'node:crypto'
import { type Channel, cut } from '@carillon/schemas'
import { z } from 'zod'
import { readJson } from '../json/json.ts'
import type { Seal } from '../security/seal.ts'
import { slices } from '../store/grouping.ts'
import type { Store } from '../store/port.ts'
import type { DeliveryChange } from '../store/ports/deliveries.ts'
import type { OutgoingMessage, Stream } from '../stream/port.ts'
import { deliveryEvent } from './events.ts'
import type { Report } from './provider.ts'
import { nextStep, planKey, Step, stepMessage } from './step.ts'
import { createSuppress } from './suppress.ts'

/** A message that an account's provider took at `at` (epoch ms), under its own `id`. The step names its target. */
export type SentMessage = { account: string; id: string; step: Step; at: number }

/** How long after sending a provider may still report. */
const SENT_MS = 7 * 86_400_000
/** How long a report waits for the record of what it reports on. */
const EARLY_MS = 86_400_000
/** Reports that are applied together. */
const BATCH = 500
const STATES = ['delivered', 'failed', 'read', 'clicked'] as const
const REASON_MAX = 200

type StateReport = Report & { id: string; state: (typeof STATES)[number] }
/** A report that came before the record of its message, as it is stored. */
const StoredReport = z.object({
  id: z.string(),
  state: z.enum(STATES),
  reason: z.string().optional(),
  at: z.number().catch(Number.POSITIVE_INFINITY),
})
/** A message that was sent, as it is stored. */
const StoredSent = z.object({ step: Step, at: z.number() })
type Match = { account: string; step: Step; sentAt: number; report: StateReport }

const digest = (text: string) => hash('sha256', text, 'base64url')
const nameOf = (account: string, id: string) => `${account}:${id.length > 128 ? digest(id) : id}`
const sentKey = (account: string, id: string) => `sent:${nameOf(account, id)}`
const earlyKey = (account: string, id: string) => `early:${nameOf(account, id)}`
const stateKey = (account: string, id: string, state: string) => `early-${state}:${nameOf(account, id)}`

/**
 * What providers report of messages they took, and of addresses. Reports may come in any order, several times, and before
 * it is on record that the message was sent: the result is the same.
 */
export const createReports = ({
  store,
  stream,
  seal,
  now = Date.now,
}: {
  store: Pick<Store, 'expiringKeys' | 'deliveries' | 'suppressions'>
  stream: Pick<Stream, 'publish'>
  seal: Pick<Seal, 'digest'>
  now?: () => number
}) => {
  const { expiringKeys, deliveries } = store
  const suppress = createSuppress({ ...store, seal })

  /** Invalid and future times are replaced by the current time. */
  const timeOf = ({ at }: Report) => (at >= 0 && at <= now() ? at : now())

  const changeOf = ({ account, step, sentAt, report }: Match, channel: Channel): DeliveryChange => ({
    notification: step.notification,
    user: step.user,
    step: step.index,
    channel,
    device: step.target ?? '',
    toAudience: step.toAudience,
    state: report.state,
    // Providers count in seconds, by clocks of their own: a report is never older than what it reports on.
    at: Math.max(timeOf(report), sentAt),
    provider: account,
    providerId: report.id,
    ...(report.reason === undefined ? {} : { reason: cut(report.reason, REASON_MAX) }),
  })

  const eventOf = (tenant: string, change: DeliveryChange, attempt: number): OutgoingMessage => ({
    ...deliveryEvent(tenant, { ...change, attempt }),
    dedupe: digest(`reported\n${tenant}\n${change.provider}\n${change.providerId}\n${change.state}`),
  })

  /** The next step, if this report makes it due; a device is only one of several, so its failure is not the step's. */
  const nextOf = ({ step, report }: Match): Step | undefined =>
    report.state === 'failed' && !step.target ? nextStep(step) : undefined

  /** The next steps, at once, of messages that failed, where no later step has been tried already. */
  const goOn = async (tenant: string, matches: readonly Match[]): Promise<OutgoingMessage[]> => {
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
      const dedupe = digest(['failed', tenant, notification, user, step.index, replay].join('\n'))
      return [{ ...stepMessage({ ...next, failed: true }, { at: now(), key: planKey(step) }), dedupe }]
    })
  }

  const applyStates = async (tenant: string, matches: readonly Match[]): Promise<void> => {
    const changes = matches.flatMap((match) => {
      const channel = match.step.plan[match.step.index]?.channel
      return channel ? [{ match, change: changeOf(match, channel) }] : []
    })
    if (changes.length === 0) return
    const further = await goOn(tenant, matches)
    await deliveries.record(
      tenant,
      changes.map(({ change }) => change),
    )
    await stream.publish([
      ...further,
      ...changes.map(({ match, change }) => eventOf(tenant, change, match.step.attempt ?? 1)),
    ])
  }

  /** Splits reports into those whose message is on record, and the others. */
  const match = async (tenant: string, account: string, reports: readonly StateReport[]) => {
    if (reports.length === 0) return { matches: [], unknown: [] }
    const found = await expiringKeys.get(tenant, [...new Set(reports.map(({ id }) => sentKey(account, id)))])
    const matches: Match[] = []
    const unknown: StateReport[] = []
    for (const report of reports) {
      const sent = found.get(sentKey(account, report.id))
      const known = sent === undefined ? undefined : readJson(sent, StoredSent)
      if (known === undefined) unknown.push(report)
      else matches.push({ account, report, step: known.step, sentAt: known.at })
    }
    return { matches, unknown }
  }

  const applyReported = async (tenant: string, account: string, reports: readonly Report[]) => {
    const states = reports.filter(
      (report): report is StateReport => report.id !== undefined && report.state !== undefined,
    )
    const { matches, unknown } = await match(tenant, account, states)
    await applyStates(tenant, matches)
    if (unknown.length === 0) return
    await expiringKeys.put(
      tenant,
      unknown.flatMap(({ id, state, reason, at }) => [
        { key: stateKey(account, id, state), value: JSON.stringify({ id, state, reason, at }) },
        { key: earlyKey(account, id), value: 'early' },
      ]),
      EARLY_MS,
    )
    await applyStates(tenant, (await match(tenant, account, unknown)).matches)
  }

  return {
    /** Remembers what was sent, for reports to come, and applies those that have come already. */
    remember: async (tenant: string, sent: readonly SentMessage[]): Promise<void> => {
      if (sent.length === 0) return
      await expiringKeys.put(
        tenant,
        sent.map(({ account, id, step, at }) => ({
          key: sentKey(account, id),
          value: JSON.stringify({ step, at }),
        })),
        SENT_MS,
      )
      // After the mark, as `apply` looks for the mark after it has left a report: one of the two finds the other.
      const early = await expiringKeys.get(
        tenant,
        sent.map(({ account, id }) => earlyKey(account, id)),
      )
      const reported = sent.filter(({ account, id }) => early.has(earlyKey(account, id)))
      if (reported.length === 0) return
      const reports = await expiringKeys.get(
        tenant,
        reported.flatMap(({ account, id }) => STATES.map((state) => stateKey(account, id, state))),
      )
      await applyStates(
        tenant,
        reported.flatMap(({ account, id, step, at }) =>
          STATES.flatMap((state) => {
            const stored = reports.get(stateKey(account, id, state))
            const report = stored === undefined ? undefined : readJson(stored, StoredReport)
            return report === undefined ? [] : [{ account, step, sentAt: at, report }]
          }),
        ),
      )
    },

    /**
     * Applies what a provider reported to an account, in batches. Rejects with what the store or the log rejects with; safe
     * to repeat.
     */
    apply: async (tenant: string, account: string, reports: readonly Report[]): Promise<void> => {
      for (const batch of slices(reports, BATCH)) {
        await suppress(tenant, account, batch, timeOf)
        await applyReported(tenant, account, batch)
      }
    },
  }
}

export type Reports = ReturnType<typeof createReports>
