import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { LabelledNotification, LabelledPlace } from '../ports/labelled.ts'
import { DAY, FOREIGN_IDS, freshTenant } from './samples.ts'

const TOP: LabelledPlace = { at: Number.MAX_SAFE_INTEGER, notification: '' }

export const labelledContract = (store: () => Store): void => {
  describe('labelled notifications', () => {
    const labelled = (
      notification: string,
      at: number,
      { label = 'entity order-7', context = '' } = {},
    ): LabelledNotification => ({ label, context, notification, at, dueAt: at })
    const list = async (tenant: string, label = 'entity order-7') =>
      (await store().labelled.list(tenant, label, { before: TOP, limit: 100 })).found

    test('are listed newest first, with their contexts, page by page', async () => {
      const tenant = freshTenant()
      const now = Date.now()
      const all = [
        labelled('a', now - 40 * DAY),
        labelled('b', now - DAY, { context: 'org-7' }),
        labelled('c', now),
        labelled('d', now),
      ]
      expect(await store().labelled.enter(tenant, all)).toEqual(all.map(() => false))
      await store().labelled.enter(tenant, [all[1]!, labelled('x', now, { label: 'tag order-7' })])
      expect(await list(tenant)).toEqual([
        { at: now, notification: 'd', context: '' },
        { at: now, notification: 'c', context: '' },
        { at: now - DAY, notification: 'b', context: 'org-7' },
        { at: now - 40 * DAY, notification: 'a', context: '' },
      ])
      const names: string[] = []
      let before: LabelledPlace | undefined = TOP
      while (before) {
        const page = await store().labelled.list(tenant, 'entity order-7', { before, limit: 1 })
        names.push(...page.found.map(({ notification }) => notification))
        before = page.next
      }
      expect(names).toEqual(['d', 'c', 'b', 'a'])
    })

    test('of one label over many times are all found, in bounded calls', async () => {
      const tenant = freshTenant()
      const now = Date.now()
      const all = Array.from({ length: 200 }, (_, n) => labelled(`n${n}`, now - n * 3_600_000))
      await store().labelled.enter(tenant, all)
      const names: string[] = []
      let before: LabelledPlace | undefined = TOP
      for (let calls = 0; before && calls < 20; calls++) {
        const page = await store().labelled.list(tenant, 'entity order-7', { before, limit: 1_000 })
        names.push(...page.found.map(({ notification }) => notification))
        before = page.next
      }
      expect(names).toEqual(all.map(({ notification }) => notification))
    })

    test('are recalled up to a time, in one context or in all', async () => {
      const tenant = freshTenant()
      const now = Date.now()
      const { labelled: port } = store()
      await port.recall(tenant, 'entity order-7', { at: now, context: 'org-7' })
      await port.recall(tenant, 'entity order-7', { at: now - 10 })
      // An earlier time changes nothing.
      await port.recall(tenant, 'entity order-7', { at: now - 20 })
      const entered = [
        labelled('before', now - 10),
        labelled('after', now - 9),
        labelled('in context', now, { context: 'org-7' }),
        labelled('later in context', now + 1, { context: 'org-7' }),
        labelled('in another', now, { context: 'org-8' }),
        labelled('of another', now - 10, { label: 'tag order-7' }),
      ]
      expect(await port.enter(tenant, entered)).toEqual([true, false, true, false, false, false])
      expect(await port.enter(freshTenant(), entered)).toEqual(entered.map(() => false))
      expect(await port.enter(tenant, [])).toEqual([])
    })

    test('labels are separate, byte by byte and per tenant', async () => {
      const [tenant, other] = [freshTenant(), freshTenant()]
      const now = Date.now()
      const labels = FOREIGN_IDS.map((id) => `entity ${id}`)
      await store().labelled.enter(
        tenant,
        labels.map((label) => labelled(`of ${label}`, now, { label })),
      )
      for (const label of labels) {
        expect(await list(tenant, label)).toMatchObject([{ notification: `of ${label}` }])
        expect(await list(other, label)).toEqual([])
      }
    })
  })
}
