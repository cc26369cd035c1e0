import type { Live } from '@carillon/core/live/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { WorkSubject } from '@carillon/schemas'
import { inTurn, type WorkKinds, workKind } from './consumer/work.ts'
import type { Dispatch } from './dispatch.ts'
import { createWake } from './inbox/snooze-end.ts'
import { createReportKind } from './reports/report-kind.ts'
import type { Reports } from './reports/reports.ts'
import { ChunkWork, DueWork, type Ready, WakeWork } from './work.ts'

export type WorkKindPorts = {
  store: Store
  live: Live
  seal: Pick<Seal, 'open'>
  dispatch: Pick<Dispatch, 'chunk' | 'due'>
  reports: Pick<Reports, 'apply'>
}

const fits = ({ ready }: { ready: Ready }, { tenant }: WorkSubject) => ready.tenant === tenant

/**
 * The kinds of work beside the steps of delivery plans: a chunk of a fan-out, a notification that is due, the end of a
 * snooze, and what providers report.
 */
export const createWorkKinds = ({ store, live, seal, dispatch, reports }: WorkKindPorts): WorkKinds => {
  const wake = createWake({ store, live })
  return {
    chunk: workKind({ schema: ChunkWork, fits, handle: inTurn(({ body }) => dispatch.chunk(body)) }),
    due: workKind({ schema: DueWork, fits, handle: inTurn(({ body }) => dispatch.due(body)) }),
    wake: workKind({ schema: WakeWork, handle: inTurn(({ subject, body }) => wake(subject.tenant, body)) }),
    report: createReportKind(seal, reports),
  }
}
