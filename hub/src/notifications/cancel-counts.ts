import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import type { DeliveryState, DeliveryTotals } from '@carillon/schemas'

/** The states of a message that a provider accepted and that did not fail later. */
const SENT: readonly DeliveryState[] = ['sent', 'delivered', 'seen', 'read', 'clicked']
const WAITING: readonly DeliveryState[] = ['requested', 'queued']

/**
 * Returns the number of items of a notification. Exact for up to 100 named recipients without local times. Otherwise,
 * recipients whose preferences exclude the item are counted too.
 */
export const itemsStored = ({
  inbox,
  recipients,
  local,
  absent = [],
  skipped = 0,
}: NotificationProgress): number => {
  if (inbox === 'none') return 0
  // Those who wait for their local time are in `absent`, and become recipients later.
  if (local) return recipients
  // Erased users are in `absent`, and not among the recipients.
  return Math.max(0, recipients - Math.max(0, absent.length - skipped))
}

/** Returns how many messages outside the inbox were sent, and how many are pending. */
export const deliveryCounts = ({ inbox: _inbox, ...channels }: DeliveryTotals) => {
  const count = (states: readonly DeliveryState[]) =>
    Object.values(channels).reduce(
      (sum, totals) => sum + states.reduce((some, state) => some + (totals?.[state] ?? 0), 0),
      0,
    )
  return { sent: count(SENT), waiting: count(WAITING) }
}
