import type { Live } from '@carillon/core/live/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { WorkSubject } from '@carillon/schemas'
import { inTurn, type WorkKinds, workKind } from './consumer/work-kind.ts'
import { createWake, WakeWork } from './inbox/snooze-end.ts'
import type { Ready } from './intake/ready.ts'
import type { Pipeline } from './pipeline.ts'
import { ChunkWork, DueWork } from './plan/work.ts'
import { createReportKind } from './reports/report-kind.ts'
import type { Reports } from './reports/reports.ts'

export type WorkKindPorts = {
  store: Store
  live: Live
  seal: Pick<Seal, 'open'>
  pipeline: Pick<Pipeline, 'chunk' | 'due'>
  reports: Pick<Reports, 'apply'>
}

const fits = ({ ready }: { ready: Ready }, { tenant }: WorkSubject) => ready.tenant === tenant

/**
 * Creates the kinds of work other than plan steps: a chunk of a fan-out, a notification that is due, the end
 * of a snooze, and provider reports.
 */
export const createWorkKinds = ({ store, live, seal, pipeline, reports }: WorkKindPorts): WorkKinds => {
  const wake = createWake({ store, live })
  return {
    chunk: workKind({ schema: ChunkWork, fits, handle: inTurn(({ body }) => pipeline.chunk(body)) }),
    due: workKind({ schema: DueWork, fits, handle: inTurn(({ body }) => pipeline.due(body)) }),
    wake: workKind({ schema: WakeWork, handle: inTurn(({ subject, body }) => wake(subject.tenant, body)) }),
    report: createReportKind(seal, reports),
  }
}
