import type { Live } from '@carillon/core/live/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { WorkSubject } from '@carillon/schemas'
import { inTurn, type WorkKinds, workKind } from './consumer/work.ts'
import type { Deliver } from './inbox/deliver.ts'
import { createWake } from './inbox/wake.ts'
import { createPageHandler } from './plan/fan-out.ts'
import { createReportKind } from './reports/report-kind.ts'
import type { Reports } from './reports/reports.ts'
import { DueWork, PageWork, type Ready, WakeWork } from './work.ts'

export type WorkKindPorts = {
  store: Store
  stream: Pick<Stream, 'publish'>
  live: Live
  seal: Pick<Seal, 'open'>
  deliver: Deliver
  reports: Pick<Reports, 'apply'>
  /** Stores a notification whose time has come. */
  due(work: DueWork): Promise<void>
}

const fits = ({ ready }: { ready: Ready }, { tenant }: WorkSubject) => ready.tenant === tenant

/**
 * The kinds of work beside the steps of delivery plans: a page of a fan-out, a notification that is due, the end of a
 * snooze, and what providers report.
 */
export const createWorkKinds = (ports: WorkKindPorts): WorkKinds => {
  const { store, stream, live, seal, deliver, reports, due } = ports
  const handlePage = createPageHandler({ store, stream }, deliver)
  const wake = createWake({ store, live })
  return {
    page: workKind({ schema: PageWork, fits, handle: inTurn(({ body }) => handlePage(body)) }),
    due: workKind({ schema: DueWork, fits, handle: inTurn(({ body }) => due(body)) }),
    wake: workKind({ schema: WakeWork, handle: inTurn(({ subject, body }) => wake(subject.tenant, body)) }),
    report: createReportKind(seal, reports),
  }
}
