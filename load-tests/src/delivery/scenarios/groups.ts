import type { InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Scenarios with inbox groups. */
export const GROUPS: Scenario[] = [
  {
    title: 'a comment thread is one line of the bell; it is read and deleted as one, in every tab',
    run: async ({ app, ok, token }) => {
      const comment = (post: number, n: number) =>
        ok('POST', '/v1/notifications', { to: 'ada', type: 'comment', data: { post, n } })
      await ok('PUT', '/v1/types/comment', {
        group: 'post-{{ data.post }}',
        content: { title: 'Comment {{ data.n }}' },
      })
      const [feed, other] = [(await app('ada')).feed(), (await app('ada')).feed()]
      const shown = () =>
        feed.getSnapshot().items.map(({ title, group }) => [title, group?.count, group?.unread])
      const unsubscribe = [feed.subscribe(() => {}), other.subscribe(() => {})]
      for (const n of [1, 2, 3]) {
        await comment(7, n)
        await eventually(() => expect(shown()[0]?.[0]).toBe(`Comment ${n}`))
        if (n > 1) continue
        await comment(8, 0)
        // Notifications that are accepted one after the other may arrive in any order.
        await eventually(() => expect(shown()[0]?.[0]).toBe('Comment 0'))
      }
      await eventually(() =>
        expect(shown()).toEqual([
          ['Comment 3', 3, 3],
          ['Comment 0', 1, 1],
        ]),
      )
      const key = await token('ada')
      const list = (query: string) => ok<InboxPage>('GET', `/v1/inbox?${query}`, undefined, key)
      const { items, counts } = await list('group=post-7&type=comment&context=')
      expect(items.map(({ title }) => title)).toEqual(['Comment 3', 'Comment 2', 'Comment 1'])
      expect(counts).toEqual({ unread: 4, unseen: 4 })
      await feed.read(items[0]!.id, { group: true })
      await eventually(() => expect(other.getSnapshot().counts).toEqual({ unread: 1, unseen: 1 }))
      await eventually(() => expect(shown()[0]).toEqual(['Comment 3', 3, 0]))
      await feed.remove(items[0]!.id, { group: true })
      await eventually(() =>
        expect(other.getSnapshot().items.map(({ title }) => title)).toEqual(['Comment 0']),
      )
      expect((await list('flat=true')).items).toHaveLength(1)
      for (const stop of unsubscribe) stop()
    },
  },
]
