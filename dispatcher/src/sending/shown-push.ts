import { pushKey } from '@carillon/core/delivery/push-key'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import type { ShownPush, ShownPushes } from '@carillon/core/store/ports/shown-pushes'
import { gathered } from '../consumer/gathered.ts'
import type { Destination } from './candidate.ts'
import type { Known } from './lookup.ts'
import { contentVersion } from './obsolete-pushes.ts'

/** Maximum items behind one push, of a digest. */
const ITEMS_MAX = 50

/**
 * Returns the record of a push to an app that is sent at `now` (epoch ms) through an account; undefined for other messages, and
 * without items.
 */
const shownPush = (
  step: Step,
  known: Pick<Known, 'members' | 'content'>,
  { candidates }: Destination,
  { account, now }: { account: string; now: number },
): ShownPush | undefined => {
  const isApp = candidates.some(
    ({ address }) =>
      address.kind === 'device' && (address.device.kind === 'fcm' || address.device.kind === 'apns'),
  )
  const { user, destination: device } = step
  if (!isApp || !device) return undefined
  const members = known.members(step, now)
  const shown = (members?.left ?? [step]).filter(({ item }) => item !== undefined).slice(0, ITEMS_MAX)
  if (shown.length === 0) return undefined
  const content = shown.length === 1 ? known.content(shown[0]!) : undefined
  return {
    user,
    device,
    key: pushKey({ item: step.item, key: deliveryKey(step, device) }),
    items: shown.flatMap(({ item = [] }) => item),
    account,
    sentAt: now,
    ...(content && { version: contentVersion(content) }),
  }
}

/**
 * Returns a function that records a push before it is sent. Otherwise a change of its item during the send would not withdraw
 * the push. Concurrent pushes are recorded together.
 */
export const createRecordShown = (shownPushes: Pick<ShownPushes, 'put'>) => {
  const put = gathered(async (tenant, pushes: readonly ShownPush[]) => {
    await shownPushes.put(tenant, pushes)
    return []
  })
  return async (
    step: Step,
    known: Pick<Known, 'members' | 'content'>,
    destination: Destination,
    account: string,
  ): Promise<void> => {
    const push = shownPush(step, known, destination, { account, now: Date.now() })
    if (push) await put(step.tenant, push)
  }
}

export type RecordShown = ReturnType<typeof createRecordShown>
