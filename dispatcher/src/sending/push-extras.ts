import type { PushExtras } from '@carillon/core/delivery/provider'
import { signPush } from '@carillon/core/delivery/push-token'
import type { Step } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'
import { channelOf } from './ledger-changes.ts'
import type { Known } from './lookup.ts'

/**
 * Returns a function that adds the unread count and the token for reports to a push. `item` is the inbox item that the push
 * shows, if it shows only one. Undefined for other channels.
 */
export const createPushExtras =
  (seal: Seal) =>
  async (
    step: Step,
    known: Pick<Known, 'unread'>,
    item: string | undefined,
  ): Promise<PushExtras | undefined> => {
    const { tenant, user, notification, toAudience, index, destination: device = '' } = step
    if (channelOf(step) !== 'push' || device === '') return undefined
    const push = { tenant, user, notification, toAudience, step: index, device, item }
    const [badge, token] = await Promise.all([known.unread(step), signPush(seal, push, Date.now())])
    return { badge, token }
  }

export type AddPushExtras = ReturnType<typeof createPushExtras>
