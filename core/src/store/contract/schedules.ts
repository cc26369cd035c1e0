import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { StoredSchedule } from '../ports/schedules.ts'
import { freshTenant } from './samples.ts'

const scheduleOf = (id: string, more: Partial<StoredSchedule> = {}): StoredSchedule => ({
  id,
  definition: {
    cron: '0 9 * * mon',
    timezone: 'Europe/Lisbon',
    notification: { to: { user: 'ada', name: 'Ada' }, type: 'report', data: { constructor: 1 } },
  },
  sender: 'a-key',
  revision: randomUUID(),
  changedAt: 1_780_000_000_000,
  ...more,
})

export const schedulesContract = (store: () => Store): void => {
  describe('schedules', () => {
    test('are stored, replaced as a whole and deleted, separately for each tenant', async () => {
      const { schedules } = store()
      const [tenant, other] = [freshTenant(), freshTenant()]
      const first = scheduleOf('report.weekly')
      expect(await schedules.put(tenant, first)).toBe(true)
      expect(await schedules.get(tenant, first.id)).toEqual(first)
      const second = scheduleOf('report.weekly', { sender: 'another', changedAt: 1_780_000_000_001 })
      expect(await schedules.put(tenant, second)).toBe(true)
      expect(await schedules.get(tenant, first.id)).toEqual(second)
      expect(await schedules.get(other, first.id)).toBeUndefined()
      expect([await schedules.count(tenant), await schedules.count(other)]).toEqual([1, 0])
      expect(await schedules.remove(other, first.id)).toBe(true)
      expect(await schedules.remove(tenant, first.id)).toBe(true)
      expect(await schedules.remove(tenant, first.id)).toBe(true)
      expect([await schedules.get(tenant, first.id), await schedules.count(tenant)]).toEqual([undefined, 0])
    })

    test('are changed only if the expected revision is stored', async () => {
      const { schedules } = store()
      const tenant = freshTenant()
      const first = scheduleOf('s')
      expect(await schedules.put(tenant, first, 'stale')).toBe(false)
      expect(await schedules.remove(tenant, 's', 'stale')).toBe(false)
      await schedules.put(tenant, first)
      const writers = Array.from({ length: 20 }, (_, n) => scheduleOf('s', { sender: `writer-${n}` }))
      const done = await Promise.all(writers.map((each) => schedules.put(tenant, each, first.revision)))
      expect(done.filter(Boolean)).toHaveLength(1)
      expect(await schedules.get(tenant, 's')).toEqual(writers[done.indexOf(true)])
      expect(await schedules.remove(tenant, 's', first.revision)).toBe(false)
      expect(await schedules.count(tenant)).toBe(1)
    })

    test('are listed page by page, ordered by id', async () => {
      const { schedules } = store()
      const tenant = freshTenant()
      const ids = ['a', 'a.b', 'constructor', '__proto__', 'z-1', 'Z'].sort()
      await Promise.all(ids.map((id) => schedules.put(tenant, scheduleOf(id))))
      const met: string[] = []
      let after: string | undefined
      do {
        const page = await schedules.list(tenant, { limit: 4, ...(after === undefined ? {} : { after }) })
        met.push(...page.schedules.map(({ id }) => id))
        after = page.next
      } while (after !== undefined)
      expect(met).toEqual(ids)
      expect(await schedules.list(freshTenant(), { limit: 4 })).toEqual({ schedules: [] })
    })
  })
}
