import { createPushUpdates } from '@carillon/core/delivery/push-updates'
import type { Live } from '@carillon/core/live/port'
import type { Deliveries } from '@carillon/core/store/ports/deliveries'
import type { Inbox } from '@carillon/core/store/ports/inbox'
import type { Notifications } from '@carillon/core/store/ports/notifications'
import type { ShownPushes } from '@carillon/core/store/ports/shown-pushes'
import type { VariantFigures } from '@carillon/core/store/ports/variant-figures'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { withPushUpdates } from '../push/announced-updates.ts'
import { createPushLedger } from '../push/ledger.ts'
import { createAfterChange } from './after-change.ts'
import { createAnnouncer } from './announce.ts'
import { createCounting } from './background-count.ts'
import { createBulkVerbs } from './bulk-verbs.ts'
import { createClicks } from './clicks.ts'
import { createItemVerbs } from './item-verbs.ts'
import { createReceipts } from './receipts.ts'
import { createSnoozeEnds } from './snooze-end.ts'

/**
 * Creates the verbs of users on their items. Each verb writes, reads the counts, notifies the user's other
 * apps and publishes one lifecycle event. Only a failed write fails the request. A verb that changes nothing
 * writes and publishes nothing.
 */
export const createVerbs = (parts: {
  inbox: Inbox
  variantFigures: Pick<VariantFigures, 'mark'>
  notifications: Pick<Notifications, 'find'>
  deliveries: Pick<Deliveries, 'of' | 'record'>
  shownPushes: Pick<ShownPushes, 'of'>
  live: Live
  stream: Stream
  log: Log
  metrics: Metrics
}) => {
  const { inbox, log } = parts
  const announce = withPushUpdates(
    createAnnouncer({ ...parts, countsOf: (viewer) => counts(viewer) }),
    createPushUpdates(parts),
  )
  const snoozeEnds = createSnoozeEnds(parts)
  const receipts = createReceipts({ inbox, announce, log })
  const { counts, recount } = createCounting({ inbox, announce, log })
  const afterChange = createAfterChange({ counts, snoozeEnds, announce })

  return {
    ...createItemVerbs({ inbox, counts, afterChange, announce, snoozeEnds }),
    ...createBulkVerbs({ inbox, afterChange, announce }),
    ...createClicks({ ...parts, counts, announce, pushLedger: createPushLedger(parts) }),
    /** Completes counts in the background and notifies the user's apps. */
    recount,
    /** Records that items reached an app of the user. Returns immediately; see `createReceipts`. */
    received: receipts.add,
    /** Resolves when everything passed to `received` is written. */
    settled: receipts.settled,
  }
}

export type Verbs = ReturnType<typeof createVerbs>
