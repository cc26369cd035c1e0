import { setTimeout as sleep } from 'node:timers/promises'
import type { Inbox, InboxPlace, Owner } from '@carillon/core/store/ports/inbox'
import type { Users } from '@carillon/core/store/ports/users'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import { createSnoozeEnds } from '../inbox/snooze-end.ts'

const PAGE = 100
/** Maximum wait for this hub's clock to reach the time of erasure, which another clock set, in ms. */
const CLOCK_WAIT_MS = 1_000

/**
 * Erases a user and cancels their scheduled snooze ends. Idempotent. Resolves once this hub's clock is past
 * the time of erasure, or after CLOCK_WAIT_MS: whatever is sent or signed afterwards is later than the
 * erasure, unless the clocks differ by more.
 */
export const createErase = ({
  users,
  inbox,
  stream,
  log,
}: {
  users: Pick<Users, 'remove'>
  inbox: Pick<Inbox, 'page'>
  stream: Stream
  log: Log
}) => {
  const snoozeEnds = createSnoozeEnds({ stream, log })

  const cancelSnoozes = async (owner: Owner): Promise<void> => {
    for (let before: InboxPlace | undefined; ; ) {
      const { items, next } = await inbox.page(owner, {
        status: 'snoozed',
        limit: PAGE,
        ...(before ? { before } : {}),
      })
      await snoozeEnds.cancel(owner, items)
      if (!next) return
      before = next
    }
  }

  return async (owner: Owner): Promise<void> => {
    await cancelSnoozes(owner)
    const erasedAt = await users.remove(owner.tenant, owner.user)
    for (let waited = 0; Date.now() <= erasedAt && waited < CLOCK_WAIT_MS; waited++) await sleep(1)
  }
}

export type Erase = ReturnType<typeof createErase>
