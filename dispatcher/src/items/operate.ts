import { type OperationWork, operationMessage } from '@carillon/core/items/operation-work'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import { nextPart, type Part } from './next-part.ts'
import { createPartActions, type PartActionPorts } from './part-actions.ts'
import { createPartForAllUsers } from './part-for-all-users.ts'
import { createPartForOneUser } from './part-for-one-user.ts'
import { createResync, type ResyncPorts } from './resync.ts'

export type OperatePorts = PartActionPorts &
  ResyncPorts & {
    store: Pick<Store, 'operations'>
    stream: Pick<Stream, 'publish'>
    log: Pick<Log, 'warn'>
  }

/**
 * Returns a function that handles one part of an operation on delivered items, records its progress, and appends the next part
 * to the log. Repeatable. `isRedelivered`: an earlier attempt may have made some of the changes.
 */
export const createOperate = (ports: OperatePorts) => {
  const { store, stream, log } = ports
  const actions = createPartActions(ports)
  const forAllUsers = createPartForAllUsers(actions)
  const forOneUser = createPartForOneUser(actions, store.inbox)
  const resync = createResync(ports)

  const partOf = (tenant: string, work: OperationWork): Promise<Part> => {
    const { user } = work.target
    if (user === undefined) return forAllUsers(tenant, work)
    return work.phase === 'inbox'
      ? forOneUser.inbox(tenant, user, work)
      : forOneUser.notifications(tenant, user, work)
  }

  return async (tenant: string, work: OperationWork, isRedelivered = false): Promise<void> => {
    const part = await partOf(tenant, work)
    if (isRedelivered) await resync(tenant, part.users)
    const following = nextPart(work, part, Date.now())
    const finished = 'ended' in following
    const { step, done, total, skipped, unfinished } = finished ? following.ended : following.work
    if (finished && unfinished.length > 0)
      log.warn(
        { tenant, operation: work.id, notifications: unfinished.length },
        'an operation ended before some notifications were stored for all recipients',
      )
    await store.operations.progress(tenant, work, {
      ...{ step, finished, done, skipped },
      total: finished ? done : total,
    })
    if (!finished) await stream.publish([operationMessage(tenant, following.work, following.at)])
  }
}
