import type { Counts } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Scenarios with tokens that are limited to contexts: lists, counts, live messages and presence. */
export const LIMITED_TOKENS: Scenario[] = [
  {
    title:
      'an app that is limited to a context gets the items of that context; another app of the user gets all',
    run: async ({ account, app, ledger, phones, send, user }) => {
      const provider = await phones()
      await account('sms', provider.account)
      await user('ada', { phone: '+15550131' })
      const limited = await app('ada', ['__proto__'])
      const feed = limited.feed()
      feed.subscribe(() => {})
      await eventually(() => expect(feed.getSnapshot().status).toBe('ready'))
      const plan = [{ channel: 'sms' as const, when: 'undelivered' as const, after: 2 }]
      const [seen, unseen] = await Promise.all([
        send({ to: 'ada', title: 'Yours', context: '__proto__', plan }),
        send({ to: 'ada', title: 'Of another context', context: 'constructor', plan }),
      ])
      const titles = () => feed.getSnapshot().items.map(({ title }) => title)
      await eventually(() => expect(titles()).toEqual(['Yours']))
      expect(limited.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
      await ledger(seen, 'ada', { channel: 'sms', state: 'skipped', reason: 'delivered' })
      await ledger(unseen, 'ada', { channel: 'sms', state: 'sent' })
      expect(provider.accepted).toHaveLength(1)

      const whole = await app('ada')
      const all = whole.feed()
      all.subscribe(() => {})
      await eventually(() => expect(all.getSnapshot().items).toHaveLength(2))
      await all.readAll()
      await eventually(() => expect(limited.counts.getSnapshot()).toEqual({ unread: 0, unseen: 0 }))
      const later = [{ channel: 'sms' as const, when: 'unread' as const, after: 5 }]
      const id = await send({ to: 'ada', title: 'For both', context: '__proto__', plan: later })
      await eventually(() => expect(titles()).toEqual(['For both', 'Yours']))
      await eventually(() => expect(whole.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 }))
      await feed.read(feed.getSnapshot().items[0]?.id ?? '')
      await eventually(() => expect(whole.counts.getSnapshot()).toEqual({ unread: 0, unseen: 0 }))
      await ledger(id, 'ada', { channel: 'sms', state: 'skipped', reason: 'read' })
    },
  },
  {
    title: 'an app limited to several contexts follows all of their streams',
    run: async ({ app, ok, send, tenant }) => {
      const several = await app('ada', ['a', ''])
      const whole = await app('ada')
      const heard: (string | undefined)[] = []
      several.on('notification', ({ title }) => heard.push(title))
      const feed = several.feed()
      feed.subscribe(() => {})
      await eventually(() => expect(feed.getSnapshot().status).toBe('ready'))
      await send({ to: 'ada', title: '1', context: 'a' })
      await eventually(() => expect(heard).toEqual(['1']))
      await send({ to: 'ada', title: '2', context: 'b' })
      await send({ to: 'ada', title: '3' })
      await eventually(() => expect(heard).toEqual(['1', '3']))
      await eventually(() => expect(feed.getSnapshot().items).toHaveLength(2))
      await eventually(() => expect(several.counts.getSnapshot()).toEqual({ unread: 2, unseen: 2 }))
      await feed.readAll()
      await eventually(() => expect(whole.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 }))
      const token = await tenant.token('ada', ['b'])
      expect(await ok<Counts>('GET', '/v1/inbox/counts', undefined, token)).toEqual({ unread: 1, unseen: 1 })
      const late = several.feed({ context: 'a' })
      late.subscribe(() => {})
      await eventually(() => expect(late.getSnapshot().items).toHaveLength(1))
    },
  },
]
