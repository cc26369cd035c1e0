import type { PushUpdates } from '@carillon/core/delivery/push-updates'
import { UnavailableError } from '@carillon/core/errors'
import type { Live, LiveMessage } from '@carillon/core/live/port'
import type { Log } from '@carillon/core/telemetry/log'

export type ResyncPorts = { live: Pick<Live, 'deliver'>; pushUpdates: PushUpdates; log: Pick<Log, 'warn'> }

const resync = (tenant: string, user: string, to: 'limited' | 'unlimited'): LiveMessage => ({
  ...{ tenant, user, to, event: 'inbox.resync', payload: undefined },
})

/**
 * Returns a function that makes the apps of users fetch the inbox again, and updates their devices. Call it for redelivered
 * work. The first attempt may have failed between a change and its live messages, and the second attempt finds no change.
 */
export const createResync =
  ({ live, pushUpdates, log }: ResyncPorts) =>
  async (tenant: string, users: readonly string[]): Promise<void> => {
    if (users.length === 0) return
    await pushUpdates(
      tenant,
      users.map((user) => ({ user, items: 'all' })),
    )
    try {
      await live.deliver(
        users.flatMap((user) => [resync(tenant, user, 'unlimited'), resync(tenant, user, 'limited')]),
      )
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      log.warn({ err: error, users: users.length }, 'live messages lost; clients will fetch again')
    }
  }
