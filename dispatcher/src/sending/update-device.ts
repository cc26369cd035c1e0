import type { Store } from '@carillon/core/store/port'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { ShownPush } from '@carillon/core/store/ports/shown-pushes'
import type { OpenAccount } from './accounts.ts'
import { REPLACE_MAX, type Replaced, WITHDRAW_MAX } from './obsolete-pushes.ts'
import { type createSendUpdate, REPEAT_MS } from './send-update.ts'

/** Why another update follows: one failed, or did not have room for all pushes. */
export type Again = 'failed' | 'more'

/** The pushes that a device still shows although their items were read, removed or replaced. */
type ObsoletePushes = { obsolete: readonly ShownPush[]; replaced: readonly Replaced[] }

/** Returns a function that updates one device. It resolves with why another update has to follow, if one has. */
export const createUpdateDevice =
  (
    { shownPushes, devices }: Pick<Store, 'shownPushes' | 'devices'>,
    send: ReturnType<typeof createSendUpdate>,
  ) =>
  async (
    owner: Owner,
    device: StoredDevice | undefined,
    { obsolete, replaced }: ObsoletePushes,
    { badge, serving }: { badge: number; serving: readonly OpenAccount[] },
  ): Promise<Again | undefined> => {
    const now = Date.now()
    const fresh = obsolete.filter(({ withdrawnAt }) => withdrawnAt === undefined)
    const repeated = obsolete.filter(({ withdrawnAt = 0 }) => withdrawnAt > now - REPEAT_MS)
    const withdrawn = fresh.slice(0, WITHDRAW_MAX)
    const pushes = [...obsolete, ...replaced.map(({ push }) => push)]
    const last = pushes.toSorted((a, b) => b.sentAt - a.sentAt)[0]?.account
    const renewed = replaced.slice(0, REPLACE_MAX)
    const update = {
      badge,
      withdraw: [...withdrawn, ...repeated].slice(0, WITHDRAW_MAX).map(({ key }) => key),
      replace: renewed.map(({ texts }) => texts),
    }
    const outcome = device && (await send(owner, device, update, { last, serving }))
    // A repeated update changes nothing, so an update in doubt is sent again.
    if (device && (outcome === undefined || outcome.outcome === 'retry' || outcome.outcome === 'doubt'))
      return 'failed'
    // The push service no longer knows the device, so it is deleted, as after a push.
    if (device && outcome?.outcome === 'refused' && outcome.forget === 'device')
      await devices.remove(owner.tenant, owner.user, [device.id])
    const isSent = outcome?.outcome === 'sent'
    if (isSent)
      await shownPushes.put(owner.tenant, [
        ...withdrawn.map((push) => ({ ...push, withdrawnAt: now })),
        ...renewed.map(({ push, version }) => ({ ...push, version, sentAt: now })),
      ])
    const old = obsolete.filter((push) => !fresh.includes(push) && !repeated.includes(push))
    await shownPushes.remove(owner.tenant, isSent ? old : pushes)
    return isSent && (fresh.length > withdrawn.length || replaced.length > renewed.length)
      ? 'more'
      : undefined
  }
