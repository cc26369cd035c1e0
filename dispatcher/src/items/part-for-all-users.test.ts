import { firstPart } from '@carillon/core/items/operation-work'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import { afterEach, expect, test, vi } from 'vitest'
import { createAmend } from './amend.ts'
import type { PartActions } from './part-actions.ts'
import { createPartForAllUsers } from './part-for-all-users.ts'

afterEach(() => void vi.useRealTimers())

test.each([9_999, 10_001, 20_000])(
  'a notification that is due in %i ms is amended or checked again, however long the part takes',
  async (ahead) => {
    const now = 1_800_000_000_000
    vi.useFakeTimers({ toFake: ['Date'], now })
    const record: NotificationProgress = {
      ...{ tenant: 'acme', id: 'n', type: 'order', priority: 'normal', acceptedAt: now - 1, fingerprint: '' },
      ...{
        chains: 0,
        direct: 0,
        state: 'scheduled',
        recipients: 0,
        deliverAt: now + ahead,
      },
    }
    const amended = vi.fn(async () => {})
    const takesLong = async () => {
      vi.setSystemTime(Date.now() + 15_000)
      return []
    }
    const handle = createPartForAllUsers({
      amend: createAmend({ amend: amended }),
      watermark: async () => now,
      batchesOf: async () => ({
        batches: [{ id: 'n', at: now - 1, record, context: '', named: [], first: true }],
      }),
      itemsOf: takesLong,
      apply: async () => 0,
    } as unknown as PartActions)
    const verb = { kind: 'replace', data: { status: 'lost' } } as const
    const work = firstPart({ id: 'o', createdAt: now, until: now, verb, target: { entity: 'order-7' } })
    const { unfinished } = await handle('acme', work)
    expect([amended.mock.calls.length, unfinished.length]).toEqual(ahead < 10_000 ? [0, 1] : [1, 0])
  },
)
