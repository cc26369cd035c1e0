import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { PushUpdates } from '@carillon/core/delivery/push-updates'
import { OperationWork } from '@carillon/core/items/operation-work'
import type { Live } from '@carillon/core/live/port'
import { TimesWork } from '@carillon/core/preferences/times-message'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Message, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import type { WorkSubject } from '@carillon/schemas'
import { byTenant, inTurn, type WorkKinds, workKind } from './consumer/work-kind.ts'
import { createCloseWindow } from './digests/close.ts'
import { createClosesAt } from './digests/closes-at.ts'
import { createReadWindow } from './digests/members.ts'
import { createReleased } from './digests/released.ts'
import { createRescheduleWindows } from './digests/reschedule-windows.ts'
import { DigestWork } from './digests/window-work.ts'
import { createWake, WakeWork } from './inbox/snooze-end.ts'
import type { Ready } from './intake/ready.ts'
import type { Announce } from './items/announce.ts'
import { createOperate } from './items/operate.ts'
import type { Pipeline } from './pipeline.ts'
import { ChunkWork, DueWork, LocalWork } from './plan/work.ts'
import { createReportKind } from './reports/report-kind.ts'
import type { Reports } from './reports/reports.ts'
import { createRunKind } from './schedules/run-kind.ts'
import { createHoldsUnwanted } from './sending/unwanted.ts'

export type WorkKindPorts = {
  store: Store
  stream: Pick<Stream, 'publish' | 'cancel' | 'cancelGroup' | 'waiting'>
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'type' | 'typeVersion' | 'transactionalCategories'>
  live: Live
  prepared: PreparedTypes
  announce: Announce
  pushUpdates: PushUpdates
  seal: Pick<Seal, 'open'>
  pipeline: Pick<Pipeline, 'notify' | 'chunk' | 'due' | 'local'>
  reports: Pick<Reports, 'apply'>
  metrics: Pick<Metrics, 'windowsClosed' | 'windowLag'>
  log: Pick<Log, 'warn'>
}

/** Chunks, deliveries at a local time and parts of operations have up to 500 recipients; a schedule may have many runs. */
const LARGE = /^work\.(?:chunk|local|run|operation)\./

/** Returns the cost of a message in its turn. */
export const costOfWork = ({ subject }: Pick<Message, 'subject'>): number => (LARGE.test(subject) ? 32 : 1)

const fits = ({ ready }: { ready: Ready }, { tenant }: WorkSubject) => ready.tenant === tenant

/**
 * Creates the kinds of work other than plan steps: a chunk of a fan-out, a notification that is due, recipients whose local
 * time has come, the end of a snooze, the close of a window, changed quiet hours, a schedule that may have
 * to run, an operation on delivered items, and provider reports.
 */
export const createWorkKinds = (ports: WorkKindPorts): WorkKinds => {
  const { store, live, seal, pipeline, reports } = ports
  const wake = createWake({ store, live })
  const timed = { ...ports, closesAt: createClosesAt(ports) }
  const readWindow = createReadWindow(store)
  const close = createCloseWindow({
    ...timed,
    readWindow,
    released: createReleased(ports),
  })
  const operate = createOperate(ports)
  const rescheduleWindows = createRescheduleWindows({
    ...timed,
    holdsUnwanted: createHoldsUnwanted({ ...ports, readWindow }),
  })
  return {
    chunk: workKind({ schema: ChunkWork, fits, handle: inTurn(({ body }) => pipeline.chunk(body)) }),
    due: workKind({ schema: DueWork, fits, handle: byTenant(pipeline.due) }),
    local: workKind({ schema: LocalWork, fits, handle: inTurn(({ body }) => pipeline.local(body)) }),
    wake: workKind({ schema: WakeWork, handle: inTurn(({ subject, body }) => wake(subject.tenant, body)) }),
    digest: workKind({ schema: DigestWork, handle: byTenant(close) }),
    times: workKind({
      schema: TimesWork,
      handle: inTurn(({ subject, body }) => rescheduleWindows(subject.tenant, body)),
    }),
    run: createRunKind({ ...ports, notify: pipeline.notify }),
    operation: workKind({
      schema: OperationWork,
      handle: inTurn(({ message, subject, body }) => operate(subject.tenant, body, message.deliveries > 1)),
    }),
    report: createReportKind(seal, reports),
  }
}
