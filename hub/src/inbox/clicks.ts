import { uuid7Time } from '@carillon/core/notification/ids'
import type { Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { Notifications } from '@carillon/core/store/ports/notifications'
import type { Log } from '@carillon/core/telemetry/log'
import { type ClickSource, type Counts, clickOf, type InboxItem, sees } from '@carillon/schemas'
import type { PushLedger } from '../push/ledger.ts'
import { grouped, itemsWhere } from './after-change.ts'
import type { Announcer } from './announce.ts'
import type { Viewer } from './viewer.ts'

/** Where the user clicked; `device`: with `push`, on which device. */
export type Click = { via: ClickSource; device?: string | undefined }

/** Returns the verb that records clicks on items. */
export const createClicks = ({
  inbox,
  notifications,
  pushLedger,
  counts: countsOf,
  announce,
  log,
}: {
  inbox: Pick<Inbox, 'change'>
  notifications: Pick<Notifications, 'find'>
  pushLedger: PushLedger
  counts: (viewer: Viewer) => Promise<Counts>
  announce: Announcer
  log: Log
}) => {
  /** Records clicks on pushes in the ledger. Best effort: a failure is logged. */
  const clickedInLedger = async (
    { tenant, user }: Viewer,
    items: readonly InboxItem[],
    device: string | undefined,
  ) => {
    const ids = [...new Set(items.map(({ notification }) => notification))]
    try {
      const records = await notifications.find(tenant, ids)
      await pushLedger(
        tenant,
        ids.map((notification) => ({
          ...{ notification, user, device, state: 'clicked' },
          toAudience: (records.get(notification)?.chains ?? 0) > 0,
        })),
      )
    } catch (err) {
      log.warn({ err, tenant, items: items.length }, 'clicks on pushes were not recorded in the ledger')
    }
  }

  const record = async (viewer: Viewer, ids: readonly string[], via: ClickSource) => {
    const known = [...new Set(ids)].filter((id) => uuid7Time(id) !== undefined)
    const now = Date.now()
    const isSeen = (item: InboxItem) => sees(viewer.contexts, item)
    const changes = await inbox.change(viewer, known, (item) => (isSeen(item) ? clickOf(item, now) : {}))
    const found = changes.filter(({ item }) => isSeen(item))
    const groups = grouped(found)
    const clicked = itemsWhere(groups, ({ clickedAt }) => clickedAt !== undefined)
    const read = itemsWhere(groups, ({ clickedAt }) => clickedAt === undefined)
    const counts = await countsOf(viewer)
    await Promise.all([
      announce.changed(viewer, groups, counts),
      announce.happened(viewer, [
        { kind: 'clicked', items: clicked, via },
        { kind: 'read', items: read },
      ]),
    ])
    return { ids: clicked.map(({ id }) => id), counts, found: found.map(({ item }) => item) }
  }

  return {
    /**
     * Records that the user followed the links of items, and marks them as read. Unknown ids, and those of contexts that the
     * token excludes, are ignored. Returns the ids of the items that had not been clicked before.
     */
    clicked: async (
      viewer: Viewer,
      ids: readonly string[],
      { via, device }: Click,
    ): Promise<{ ids: string[]; counts: Counts }> => {
      const { found, ...clicked } = await record(viewer, ids, via)
      if (via === 'push' && found.length > 0) await clickedInLedger(viewer, found, device)
      return clicked
    },
    /** Records clicks on pushes that are in the ledger already. */
    clickedPushes: async (owner: Owner, ids: readonly string[]): Promise<void> => {
      await record(owner, ids, 'push')
    },
  }
}
