import { slices } from '@carillon/core/group-by'
import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Batch } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import { NOTIFICATION_MAX_BYTES } from '@carillon/schemas'

/** A notification that is due within this time is not amended, because a dispatcher may be reading its amendments. In ms. */
const SOON_MS = 10_000
/** Maximum concurrent amendments. */
const AT_ONCE = 32
/** Maximum number and size of the amendments of a notification. */
const AMENDMENTS_MAX = 100
const AMENDMENTS_MAX_BYTES = 4 * NOTIFICATION_MAX_BYTES

const isScheduled = (record: Batch['record']): record is NotificationProgress & { deliverAt: number } =>
  record?.state === 'scheduled' && record.deliverAt !== undefined

/** Reports whether a scheduled notification is due so soon that an operation waits for its items. */
export const isDueSoon = (record: Batch['record'], now: number): boolean =>
  isScheduled(record) && record.deliverAt <= now + SOON_MS

/** Reports whether a notification without items may have waiting steps. Amendments apply to these when they are due. */
const hasWaitingSteps = (record: Batch['record']): record is NotificationProgress =>
  record?.inbox === 'none' &&
  record.planned === true &&
  (record.state === 'delivering' || record.state === 'delivered')

const hasRoom = ({ amendments = [] }: NotificationProgress, at: number): boolean =>
  amendments.some((each) => each.at === at) ||
  (amendments.length < AMENDMENTS_MAX && Buffer.byteLength(JSON.stringify(amendments)) < AMENDMENTS_MAX_BYTES)

/**
 * Returns a function that adds the new content of a replacement to scheduled notifications, and to those without items that
 * may have waiting steps. `now`: when the part decided which notifications are due soon, epoch ms. Resolves with the number
 * of notifications that have too many amendments. Repeatable.
 */
export const createAmend =
  (notifications: Pick<Store['notifications'], 'amend'>) =>
  async (
    tenant: string,
    { id, until, verb }: OperationWork,
    batches: readonly Batch[],
    now: number,
  ): Promise<number> => {
    if (verb.kind !== 'replace') return 0
    const { data, content } = verb
    const amended = batches.flatMap(({ first, record }) =>
      first && ((isScheduled(record) && !isDueSoon(record, now)) || hasWaitingSteps(record)) ? [record] : [],
    )
    const open = amended.filter((record) => hasRoom(record, until))
    for (const some of slices(open, AT_ONCE))
      await Promise.all(
        some.map((record) =>
          notifications.amend(tenant, record, id, {
            at: until,
            ...(data ? { data } : {}),
            ...(content ? { content } : {}),
          }),
        ),
      )
    return amended.length - open.length
  }
