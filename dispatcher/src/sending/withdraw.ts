import { type PushUpdateWork, pushUpdateMessage } from '@carillon/core/delivery/push-updates'
import { grouped, slices } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { ShownPush } from '@carillon/core/store/ports/shown-pushes'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { InboxItem } from '@carillon/schemas'
import type { createAccounts, OpenAccount } from './accounts.ts'
import { obsoletePushes } from './obsolete-pushes.ts'
import type { Permits } from './permit.ts'
import { createSendUpdate } from './send-update.ts'
import { type Again, createUpdateDevice } from './update-device.ts'

/** Maximum users whose devices are updated concurrently. */
const AT_ONCE = 16
/** Maximum items of one user per read. */
const ITEMS = 500
const ATTEMPTS_MAX = 5

/** The kinds of devices that can be updated silently. Browsers require that every web push shows a notification. */
const SILENT = new Set(['fcm', 'apns'])

export type WithdrawPorts = {
  store: Pick<Store, 'shownPushes' | 'devices' | 'inbox'>
  stream: Pick<Stream, 'publish'>
  accounts: Pick<ReturnType<typeof createAccounts>, 'serving'>
  permits: Permits
  log: Pick<Log, 'warn'>
}

/**
 * Returns a function that updates the devices of users. A silent push sets the badge to the unread count, removes pushes whose
 * items were read or removed, and replaces the texts of those whose item was replaced. A device gets an update only if it shows
 * such a push and has not been updated about it. Updates that may not have arrived are retried a few times. Repeatable.
 */
export const createWithdraw = ({ store, stream, accounts, permits, log }: WithdrawPorts) => {
  const { shownPushes, devices, inbox } = store
  const updateDevice = createUpdateDevice(store, createSendUpdate(permits))

  const itemsOf = async (owner: Owner, pushes: readonly ShownPush[]) => {
    const ids = [...new Set(pushes.flatMap(({ items }) => items))]
    const found = await Promise.all(slices(ids, ITEMS).map((some) => inbox.get(owner, some)))
    return new Map(found.flat().map((item): [string, InboxItem] => [item.id, item]))
  }

  const updateUser = async (
    owner: Owner,
    {
      shown,
      known,
      serving,
    }: { shown: readonly ShownPush[]; known: readonly StoredDevice[]; serving: OpenAccount[] },
  ): Promise<Again | undefined> => {
    const items = await itemsOf(owner, shown)
    const now = Date.now()
    const found = obsoletePushes(shown, items, now)
    const obsolete = grouped(found.obsolete, ({ device }) => device)
    const replaced = grouped(found.replaced, ({ push }) => push.device)
    const concerned = [...new Set([...obsolete.keys(), ...replaced.keys()])].filter(
      (id) => replaced.has(id) || obsolete.get(id)?.some(({ withdrawnAt }) => withdrawnAt === undefined),
    )
    if (concerned.length === 0) return undefined
    const badge = (await inbox.counts(owner)).counts.unread
    const again = await Promise.all(
      concerned.map((id) => {
        const device = known.find((each) => each.id === id && SILENT.has(each.device.kind))
        const shows = { obsolete: obsolete.get(id) ?? [], replaced: replaced.get(id) ?? [] }
        return updateDevice(owner, device, shows, { badge, serving })
      }),
    )
    return again.includes('more') ? 'more' : again.find(Boolean)
  }

  return async (tenant: string, works: readonly PushUpdateWork['update'][]): Promise<void> => {
    const attempts = new Map(works.map(({ user, attempt }) => [user, attempt]))
    const shown = await shownPushes.of(tenant, [...attempts.keys()])
    const users = [...shown.keys()]
    if (users.length === 0) return
    const [known, serving] = await Promise.all([devices.of(tenant, users), accounts.serving(tenant, 'push')])
    const again: { user: string; why: Again }[] = []
    for (const some of slices(users, AT_ONCE))
      await Promise.all(
        some.map(async (user) => {
          const facts = { shown: shown.get(user) ?? [], known: known.get(user) ?? [], serving }
          const why = await updateUser({ tenant, user }, facts)
          if (why) again.push({ user, why })
        }),
      )
    const later = again.flatMap(({ user, why }) => {
      const attempt = why === 'more' ? 1 : (attempts.get(user) ?? 1) + 1
      return attempt > ATTEMPTS_MAX ? [] : [{ user, attempt }]
    })
    if (later.length < again.length)
      log.warn(
        { tenant, users: again.length - later.length, attempts: ATTEMPTS_MAX },
        'devices could not be updated; the next change of the inbox will update them',
      )
    const now = Date.now()
    if (later.length > 0) await stream.publish(later.map((update) => pushUpdateMessage(tenant, update, now)))
  }
}

export type Withdraw = ReturnType<typeof createWithdraw>
