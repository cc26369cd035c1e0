import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import { inTurn, type WorkKinds, workKind } from './consumer/work.ts'
import type { Deliver } from './inbox/deliver.ts'
import { createWake } from './inbox/wake.ts'
import { createPageHandler } from './plan/fan-out.ts'
import { DueWork, PageWork, type Ready, WakeWork } from './work.ts'

export type WorkKindPorts = {
  store: Store
  stream: Pick<Stream, 'publish'>
  live: Live
  deliver: Deliver
  /** Stores a notification whose time has come. */
  due(work: DueWork): Promise<void>
}

const tenantOf = ({ ready }: { ready: Ready }) => ready.tenant

/**
 * The kinds of work beside the steps of delivery plans: a page of a fan-out, a notification that is due, and the end of a
 * snooze.
 */
export const createWorkKinds = ({ store, stream, live, deliver, due }: WorkKindPorts): WorkKinds => {
  const handlePage = createPageHandler({ store, stream }, deliver)
  const wake = createWake({ store, live })
  return {
    page: workKind({ schema: PageWork, tenantOf, handle: inTurn(({ body }) => handlePage(body)) }),
    due: workKind({ schema: DueWork, tenantOf, handle: inTurn(({ body }) => due(body)) }),
    wake: workKind({ schema: WakeWork, handle: inTurn(({ tenant, body }) => wake(tenant, body)) }),
  }
}
