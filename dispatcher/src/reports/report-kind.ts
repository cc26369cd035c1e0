import { ReportWork, reportsOf } from '@carillon/core/delivery/report-work'
import { grouped } from '@carillon/core/group-by'
import type { Seal } from '@carillon/core/security/seal'
import { workKind } from '../consumer/work-kind.ts'
import type { Reports } from './reports.ts'

/**
 * Defines provider reports as a kind of work. Reports to one account that arrive together are applied
 * together.
 */
export const createReportKind = (seal: Pick<Seal, 'open'>, reports: Pick<Reports, 'apply'>) =>
  workKind({
    schema: ReportWork,
    handle: async (works) => {
      for (const together of grouped(
        works,
        ({ subject }) => `${subject.tenant}\n${subject.account}`,
      ).values()) {
        const { tenant, account = '' } = together[0]!.subject
        await reports.apply(
          tenant,
          account,
          together.flatMap(({ body }) => reportsOf(seal, tenant, body)),
        )
      }
      return works.map(({ message }) => ({ message }))
    },
  })
