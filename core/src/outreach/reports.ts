import { hash } from 'node:crypto'
import { type Channel, cut, type SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import { addressKey } from '../addresses.ts'
import { readJson } from '../json.ts'
import type { DeliveryChange } from '../store/outreach.ts'
import type { Seal, Store } from '../store/port.ts'
import type { OutgoingMessage, Stream } from '../stream/port.ts'
import { deliveryEvent } from './events.ts'
import type { Report } from './provider.ts'
import { nextStep, planKey, Step, stepMessage } from './step.ts'

/** A message that an account's provider has taken, under the provider's own `id`. The step names its target. */
export type SentMessage = { account: string; id: string; step: Step }

/** How long after sending a provider may still report. */
const SENT_MS = 7 * 86_400_000
/** How long a report waits for the record of what it reports on. */
const EARLY_MS = 86_400_000
/** How long after a START an older STOP is still known to be older. */
const RESTORED_MS = 30 * 86_400_000
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
type Match = { account: string; step: Step; report: StateReport }

const digest = (text: string) => hash('sha256', text, 'base64url')
const nameOf = (account: string, id: string) => `${account}:${id.length > 128 ? digest(id) : id}`
const sentKey = (account: string, id: string) => `sent:${nameOf(account, id)}`
const earlyKey = (account: string, id: string) => `early:${nameOf(account, id)}`
const stateKey = (account: string, id: string, state: string) => `early-${state}:${nameOf(account, id)}`

/** What a person says by themself, and takes back by themself. */
const isTheirs = (reason: SuppressionReason) => reason === 'stop' || reason === 'unsubscribe'

/**
 * What providers report of messages they took, and of addresses. Reports may come in any order, several times, and before
 * it is on record that the message was sent: the result is the same. A STOP that is older than a START, and a START that
 * is older than a STOP, change nothing.
 */
export const createReports = ({
  store,
  stream,
  seal,
  now = Date.now,
}: {
  store: Pick<Store, 'marks' | 'deliveries' | 'suppressions'>
  stream: Pick<Stream, 'publish'>
  seal: Pick<Seal, 'digest'>
  now?: () => number
}) => {
  const { marks, deliveries, suppressions } = store

  /** Invalid and future times are replaced by the current time. */
  const timeOf = ({ at }: Report) => (at >= 0 && at <= now() ? at : now())

  const changeOf = ({ account, step, report }: Match, channel: Channel): DeliveryChange => ({
    notification: step.notification,
    user: step.user,
    step: step.index,
    channel,
    device: step.target ?? '',
    wide: step.wide,
    state: report.state,
    at: timeOf(report),
    provider: account,
    providerId: report.id,
    ...(report.reason === undefined ? {} : { reason: cut(report.reason, REASON_MAX) }),
  })

  const eventOf = (tenant: string, change: DeliveryChange, attempt: number): OutgoingMessage => ({
    ...deliveryEvent(tenant, { ...change, attempt }),
    dedupe: digest(`reported\n${tenant}\n${change.provider}\n${change.providerId}\n${change.state}`),
  })

  /** Whether a step behind this one has been tried already. */
  const wentOn = async ({ tenant, notification, user, wide, index }: Step): Promise<boolean> => {
    let after: string | undefined
    do {
      const page = await deliveries.list(tenant, { id: notification, wide, user }, { after, limit: 100 })
      if (page.deliveries.some(({ step, state }) => (step ?? 0) > index && state !== 'skipped')) return true
      after = page.next
    } while (after !== undefined)
    return false
  }

  /** The next step, at once, of a message that failed; a device is only one of several, so its failure is not the step's. */
  const goOn = async ({ step, report }: Match): Promise<OutgoingMessage[]> => {
    const next = report.state === 'failed' && !step.target ? nextStep(step) : undefined
    if (!next || (await wentOn(step))) return []
    const { tenant, notification, user, index, journey = 0 } = step
    const dedupe = digest(['failed', tenant, notification, user, index, journey].join('\n'))
    return [{ ...stepMessage({ ...next, failed: true }, { at: now(), key: planKey(step) }), dedupe }]
  }

  const applyStates = async (tenant: string, matches: readonly Match[]): Promise<void> => {
    const changes = matches.flatMap((match) => {
      const channel = match.step.plan[match.step.index]?.channel
      return channel ? [{ match, change: changeOf(match, channel) }] : []
    })
    if (changes.length === 0) return
    const further = (await Promise.all(matches.map(goOn))).flat()
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
    const found = await marks.get(tenant, [...new Set(reports.map(({ id }) => sentKey(account, id)))])
    const matches: Match[] = []
    const unknown: StateReport[] = []
    for (const report of reports) {
      const sent = found.get(sentKey(account, report.id))
      const step = sent === undefined ? undefined : readJson(sent, Step)
      if (step === undefined) unknown.push(report)
      else matches.push({ account, report, step })
    }
    return { matches, unknown }
  }

  const restoredKey = (tenant: string, channel: Channel, address: string) =>
    `restored:${channel}:${seal.digest(addressKey(address), `restored:${tenant}`)}`

  const suppress = async (tenant: string, account: string, report: Report): Promise<void> => {
    if (!report.suppress) return
    const { channels, address, reason } = report.suppress
    const at = timeOf(report)
    const restored = isTheirs(reason)
      ? await marks.get(
          tenant,
          channels.map((channel) => restoredKey(tenant, channel, address)),
        )
      : new Map<string, string>()
    const wanted = channels.filter(
      (channel) => Number(restored.get(restoredKey(tenant, channel, address)) ?? 0) <= at,
    )
    await suppressions.put(
      tenant,
      wanted.map((channel) => ({
        channel,
        address,
        reason,
        at: new Date(at).toISOString(),
        source: account,
      })),
    )
  }

  /** Only what the person asked for: a bounce, or an operator's own entry, is not theirs to lift. */
  const restore = async (tenant: string, report: Report): Promise<void> => {
    if (!report.restore) return
    const { channels, address } = report.restore
    const at = timeOf(report)
    await marks.put(
      tenant,
      channels.map((channel) => ({ key: restoredKey(tenant, channel, address), value: String(at) })),
      RESTORED_MS,
    )
    const found = await suppressions.find(
      tenant,
      channels.map((channel) => ({ channel, address })),
    )
    for (const each of found)
      if (each && isTheirs(each.reason) && Date.parse(each.at) <= at)
        await suppressions.remove(tenant, each.channel, address)
  }

  return {
    /** Remembers what was sent, for reports to come, and applies those that have come already. */
    remember: async (tenant: string, sent: readonly SentMessage[]): Promise<void> => {
      if (sent.length === 0) return
      await marks.put(
        tenant,
        sent.map(({ account, id, step }) => ({ key: sentKey(account, id), value: JSON.stringify(step) })),
        SENT_MS,
      )
      // After the mark, as `apply` looks for the mark after it has left a report: one of the two finds the other.
      const early = await marks.get(
        tenant,
        sent.map(({ account, id }) => earlyKey(account, id)),
      )
      const reported = sent.filter(({ account, id }) => early.has(earlyKey(account, id)))
      if (reported.length === 0) return
      const reports = await marks.get(
        tenant,
        reported.flatMap(({ account, id }) => STATES.map((state) => stateKey(account, id, state))),
      )
      await applyStates(
        tenant,
        reported.flatMap(({ account, id, step }) =>
          STATES.flatMap((state) => {
            const stored = reports.get(stateKey(account, id, state))
            const report = stored === undefined ? undefined : readJson(stored, StoredReport)
            return report === undefined ? [] : [{ account, step, report }]
          }),
        ),
      )
    },

    /** Applies what a provider reported to an account. Rejects with what the store or the log rejects with; safe to repeat. */
    apply: async (tenant: string, account: string, reports: readonly Report[]): Promise<void> => {
      for (const report of reports) {
        await suppress(tenant, account, report)
        await restore(tenant, report)
      }
      const states = reports.filter(
        (report): report is StateReport => report.id !== undefined && report.state !== undefined,
      )
      const { matches, unknown } = await match(tenant, account, states)
      await applyStates(tenant, matches)
      if (unknown.length === 0) return
      await marks.put(
        tenant,
        unknown.flatMap(({ id, state, reason, at }) => [
          { key: stateKey(account, id, state), value: JSON.stringify({ id, state, reason, at }) },
          { key: earlyKey(account, id), value: 'early' },
        ]),
        EARLY_MS,
      )
      await applyStates(tenant, (await match(tenant, account, unknown)).matches)
    },
  }
}

export type Reports = ReturnType<typeof createReports>
