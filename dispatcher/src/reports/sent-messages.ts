import { hash } from 'node:crypto'
import type { Report } from '@carillon/core/delivery/provider'
import { Step } from '@carillon/core/delivery/step'
import { readJson } from '@carillon/core/json/json'
import type { ExpiringKeys } from '@carillon/core/store/ports/expiring-keys'
import { z } from 'zod'

/**
 * A message that an account's provider accepted at `at` (epoch ms) under its own `id`. The step names its destination.
 */
export type SentMessage = { account: string; id: string; step: Step; at: number }

/** A report on the state of a message. */
export type StateReport = Report & { id: string; state: NonNullable<Report['state']> }

/** A report with the message that it is about. */
export type Match = { account: string; step: Step; sentAt: number; report: StateReport }

/** How long after sending a provider may still report. */
const SENT_MS = 7 * 86_400_000
/** How long a report waits for the record of its message. */
const EARLY_MS = 86_400_000
const STATES = ['delivered', 'failed', 'read', 'clicked'] as const
/** Longer ids are hashed. */
const ID_MAX = 128

/** A stored report that arrived before the record of its message. */
const StoredReport = z.object({
  id: z.string(),
  state: z.enum(STATES),
  reason: z.string().optional(),
  at: z.number().catch(Number.POSITIVE_INFINITY),
})
/** The stored record of a sent message. */
const StoredSent = z.object({ step: Step, at: z.number() })

const nameOf = (account: string, id: string) =>
  `${account}:${id.length > ID_MAX ? hash('sha256', id, 'base64url') : id}`
const sentKey = (account: string, id: string) => `sent:${nameOf(account, id)}`
const earlyKey = (account: string, id: string) => `early:${nameOf(account, id)}`
const stateKey = (account: string, id: string, state: string) => `early-${state}:${nameOf(account, id)}`

/** Remembers sent messages, and finds the message of a report, whichever of the two arrives first. */
export const createSentMessages = (keys: Pick<ExpiringKeys, 'get' | 'put'>) => {
  const match = async (tenant: string, account: string, reports: readonly StateReport[]) => {
    const matches: Match[] = []
    const unknown: StateReport[] = []
    if (reports.length === 0) return { matches, unknown }
    const found = await keys.get(tenant, [...new Set(reports.map(({ id }) => sentKey(account, id)))])
    for (const report of reports) {
      const sent = found.get(sentKey(account, report.id))
      const known = sent === undefined ? undefined : readJson(sent, StoredSent)
      if (known === undefined) unknown.push(report)
      else matches.push({ account, report, step: known.step, sentAt: known.at })
    }
    return { matches, unknown }
  }

  return {
    /** Returns the messages of reports. Reports without a record of their message are kept until there is one. */
    match: async (tenant: string, account: string, reports: readonly StateReport[]): Promise<Match[]> => {
      const { matches, unknown } = await match(tenant, account, reports)
      if (unknown.length === 0) return matches
      await keys.put(
        tenant,
        unknown.flatMap(({ id, state, reason, at }) => [
          { key: stateKey(account, id, state), value: JSON.stringify({ id, state, reason, at }) },
          { key: earlyKey(account, id), value: 'early' },
        ]),
        EARLY_MS,
      )
      // The record may have been stored in the meantime.
      return [...matches, ...(await match(tenant, account, unknown)).matches]
    },

    /** Remembers sent messages, and returns reports that have already arrived. */
    remember: async (tenant: string, sent: readonly SentMessage[]): Promise<Match[]> => {
      if (sent.length === 0) return []
      await keys.put(
        tenant,
        sent.map(({ account, id, step, at }) => ({
          key: sentKey(account, id),
          value: JSON.stringify({ step, at }),
        })),
        SENT_MS,
      )
      // Read after the record is stored. `match` stores a report before it reads the record again, so one finds the other.
      const early = await keys.get(
        tenant,
        sent.map(({ account, id }) => earlyKey(account, id)),
      )
      const reported = sent.filter(({ account, id }) => early.has(earlyKey(account, id)))
      if (reported.length === 0) return []
      const reports = await keys.get(
        tenant,
        reported.flatMap(({ account, id }) => STATES.map((state) => stateKey(account, id, state))),
      )
      return reported.flatMap(({ account, id, step, at }) =>
        STATES.flatMap((state) => {
          const stored = reports.get(stateKey(account, id, state))
          const report = stored === undefined ? undefined : readJson(stored, StoredReport)
          return report === undefined ? [] : [{ account, step, sentAt: at, report }]
        }),
      )
    },
  }
}
