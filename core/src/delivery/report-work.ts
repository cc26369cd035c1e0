import { Channel, cut, reportSubject, SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import { slices } from '../group-by.ts'
import { EpochMs } from '../json/epoch.ts'
import type { Seal } from '../security/seal.ts'
import type { OutgoingMessage } from '../stream/port.ts'
import type { Report } from './provider.ts'

/** Maximum reports per message, so that it stays below the maximum payload of NATS. */
const REPORTS_PER_MESSAGE = 200
const REASON_MAX = 200
/** Maximum length of a provider's message id or of an address, in UTF-16 code units. Reports with longer ones are dropped. */
const NAME_MAX = 1_000

const REPORT_STATES = ['delivered', 'failed', 'read', 'clicked'] as const

/** A report as it is stored in the log. Addresses are sealed for the tenant. */
const StoredReport = z.object({
  id: z.string().optional(),
  state: z.enum(REPORT_STATES).optional(),
  reason: z.string().optional(),
  at: EpochMs.describe('When it happened; never later than when the hub received it'),
  suppress: z
    .object({ channels: z.array(Channel), sealed: z.string(), reason: SuppressionReason })
    .optional(),
  restore: z.object({ channels: z.array(Channel), sealed: z.string() }).optional(),
})

/** The reports of one callback of an account, or some of them. */
export const ReportWork = z.object({ reports: z.array(StoredReport) })
export type ReportWork = z.infer<typeof ReportWork>

const contextOf = (tenant: string) => `report:${tenant}`

const isOurs = ({ id = '', suppress, restore }: Report): boolean =>
  [id, suppress?.address ?? '', restore?.address ?? ''].every(({ length }) => length <= NAME_MAX)

/** Invalid and future times are replaced by the current time. */
const timeOf = (at: number, now: number): number => (at >= 0 && at <= now ? at : now)

const encoder = new TextEncoder()

/**
 * Returns the messages with an account's reports for the log. The log deduplicates repeated callbacks within
 * its window, if the provider states the times of its reports.
 */
export const reportMessages = (
  seal: Pick<Seal, 'seal' | 'digest'>,
  { tenant, account }: { tenant: string; account: string },
  reports: readonly Report[],
  now: number,
): OutgoingMessage[] => {
  const sealed = ({ channels, address }: { channels: Channel[]; address: string }) => ({
    channels,
    sealed: seal.seal(address, contextOf(tenant)),
  })
  const stored = ({ id, state, reason, at, suppress, restore }: Report): z.input<typeof StoredReport> => ({
    id,
    state,
    ...(reason === undefined ? {} : { reason: cut(reason, REASON_MAX) }),
    at: timeOf(at, now),
    ...(suppress && { suppress: { ...sealed(suppress), reason: suppress.reason } }),
    ...(restore && { restore: sealed(restore) }),
  })
  return slices(reports.filter(isOurs), REPORTS_PER_MESSAGE).map((some) => ({
    subject: reportSubject(account, tenant),
    data: encoder.encode(JSON.stringify({ reports: some.map(stored) } satisfies z.input<typeof ReportWork>)),
    dedupe: seal.digest(`${account}\n${JSON.stringify(some)}`, contextOf(tenant)),
  }))
}

/** Returns the reports that `reportMessages` wrote. Throws if an address was not sealed for this tenant. */
export const reportsOf = (seal: Pick<Seal, 'open'>, tenant: string, { reports }: ReportWork): Report[] => {
  const opened = <Sealed extends { sealed: string }>({ sealed, ...rest }: Sealed) => ({
    ...rest,
    address: seal.open(sealed, contextOf(tenant)),
  })
  return reports.map(({ suppress, restore, ...report }) => ({
    ...report,
    ...(suppress && { suppress: opened(suppress) }),
    ...(restore && { restore: opened(restore) }),
  }))
}
