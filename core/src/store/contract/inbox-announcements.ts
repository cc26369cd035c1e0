import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { NewItem } from '../ports/inbox.ts'
import { allPages, firstPage } from './inbox.ts'
import { freshOwner, HOUR, ids, sampleItem } from './samples.ts'

const announced = { status: 'active', display: ['banner', 'modal'], limit: 20 } as const

export const inboxAnnouncementsContract = (store: () => Store): void => {
  describe('the announcements of an inbox', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('are listed in one page, even if thousands of other items are newer', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const old = sampleItem(owner, { display: 'banner' })
      await inbox.put([old])
      const { content } = sampleItem(owner)
      const others = Array.from({ length: 2_500 }, () => ({ ...sampleItem(owner), content }))
      await inbox.put(others)
      expect(await inbox.page(owner, announced)).toEqual({ items: [expect.objectContaining({ id: old.id })] })
    })

    test('are listed by their display, newest first, in pages', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR })
      const displays = ['banner', 'inline', undefined, 'modal', 'banner'] as const
      const items: NewItem[] = []
      for (const display of displays) {
        vi.setSystemTime(Date.now() + 1)
        const item = sampleItem(owner, { ...(display && { display }), group: { key: 'release' } })
        await inbox.put([item])
        items.unshift(item)
      }
      const [banner, modal, , inline, oldest] = items as [NewItem, NewItem, NewItem, NewItem, NewItem]
      expect(ids(await allPages(inbox, owner, { ...announced, limit: 1, grouped: true }))).toEqual(
        ids([banner, modal, oldest]),
      )
      expect(ids(await firstPage(inbox, owner, { ...announced, display: ['inline'] }))).toEqual(ids([inline]))
      const ofGroup = { group: 'release', type: 'comment.created', context: '' }
      expect(ids(await firstPage(inbox, owner, { ...announced, ...ofGroup, display: ['modal'] }))).toEqual(
        ids([modal]),
      )
    })

    test('are filtered by state, context and expiry', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * HOUR })
      const make = (more: Parameters<typeof sampleItem>[1] = {}) =>
        sampleItem(owner, { display: 'banner', ...more })
      const [kept, archived, removed, ofAcme] = [make(), make(), make(), make({ context: 'acme' })]
      const brief = make({ expiresAt: Date.now() + HOUR })
      await inbox.put([kept, archived, removed, ofAcme, brief])
      await inbox.change(owner, ids([archived]), () => ({ archivedAt: new Date().toISOString() }))
      await inbox.remove(owner, ids([removed]))
      vi.setSystemTime(Date.now() + 2 * HOUR)
      const list = async (more = {}) => new Set(ids(await firstPage(inbox, owner, { ...announced, ...more })))
      expect(await list()).toEqual(new Set(ids([kept, ofAcme])))
      expect(await list({ contexts: ['acme'] })).toEqual(new Set(ids([ofAcme])))
      expect(await list({ status: 'archived' })).toEqual(new Set(ids([archived])))
      const { items, counts } = await inbox.pageWithCounts(owner, announced)
      expect([items.length, counts]).toEqual([2, { unread: 2, unseen: 2 }])
      await inbox.changeAll(owner, 'archived', {})
      expect(await list()).toEqual(new Set())
      await inbox.change(owner, ids([archived]), () => ({ archivedAt: null }))
      expect(await list()).toEqual(new Set(ids([archived])))
    })

    test('a rewritten item is listed only if its new content has a display', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const [plain, banner] = [sampleItem(owner), sampleItem(owner, { display: 'banner' })]
      await inbox.put([plain, banner])
      const at = Date.now() + 1
      await inbox.rewrite(
        owner,
        ids([plain, banner]),
        ({ display, ...content }) => (display ? content : { ...content, display: 'modal' }),
        at,
      )
      expect(await firstPage(inbox, owner, announced)).toMatchObject([{ id: plain.id, display: 'modal' }])
    })
  })
}
