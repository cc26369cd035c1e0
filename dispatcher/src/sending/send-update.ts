import { hash } from 'node:crypto'
import type { Outcome, Outgoing, PushUpdate } from '@carillon/core/delivery/provider'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { OpenAccount } from './accounts.ts'
import type { Permits } from './permit.ts'

/**
 * How long later updates repeat withdrawn pushes, in ms, because a push service keeps only the last update for an offline
 * device.
 */
export const REPEAT_MS = 86_400_000

const messageTo = ({ tenant, user }: Owner, device: StoredDevice, update: PushUpdate): Outgoing => {
  const at = Date.now()
  return {
    ...{ tenant, user, channel: 'push', notification: '', type: '', priority: 'low', at, attempt: 1 },
    expiresAt: at + REPEAT_MS,
    address: { kind: 'device', ...device },
    content: {},
    key: hash('sha256', `update\n${tenant}\n${user}\n${device.id}\n${at}`, 'base64url').slice(0, 32),
    update,
  }
}

/**
 * Returns a function that sends an update through the account of the last push, or through another one that accepts it. It
 * resolves with undefined if none does, or if there is no permit now.
 */
export const createSendUpdate =
  (permits: Permits) =>
  async (
    owner: Owner,
    device: StoredDevice,
    update: PushUpdate,
    { last, serving }: { last: string | undefined; serving: readonly OpenAccount[] },
  ): Promise<Outcome | undefined> => {
    const message = messageTo(owner, device, update)
    const step = { ...owner, priority: 'low', plan: [{ channel: 'push' }], index: 0 } as const
    const fitting = serving.filter(({ provider }) => provider.name === device.device.kind)
    // A token belongs to one app, and a tenant may have accounts of several.
    const isLast = ({ account }: OpenAccount) => account.id === last
    for (const account of [...fitting.filter(isLast), ...fitting.filter((each) => !isLast(each))]) {
      const permit = await permits(step, { account, address: message.address })
      if (permit.outcome !== undefined) return undefined
      try {
        const outcome = await permit.upstream.send(message)
        permit.ended(outcome)
        if (outcome.outcome !== 'account') return outcome
      } finally {
        permit.release()
      }
    }
    return undefined
  }
