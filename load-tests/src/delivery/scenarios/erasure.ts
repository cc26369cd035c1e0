import type { InboxPage, NotificationStatus } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** A name that occurs nowhere else. */
const NAME = 'Zenobia Quartermaine-Ashby'
const SKIPPED = { state: 'skipped', reason: 'erased' } as const

export const ERASURE: Scenario[] = [
  {
    title: 'an erased user receives nothing, not even pending messages, until the user is put again',
    run: async ({ account, deliveries, frozenApp, ledger, mail, ok, send, environment, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      await user('ada', { name: NAME, email: 'ada@example.test' })
      const old = await token('ada')
      const items = async (bearer: string) =>
        (await ok<InboxPage>('GET', '/v1/inbox', undefined, bearer)).items.map(({ title }) => title)
      const app = await frozenApp('ada')
      const waiting = await send({ to: 'ada', plan: [{ channel: 'email', when: 'unread', after: 4 }] })
      const later = await send({
        to: { user: 'ada', email: 'ada@example.test' },
        deliverAt: new Date(Date.now() + 5_000).toISOString(),
        plan: [{ channel: 'email', when: 'always' }],
      })
      await eventually(async () => expect(await items(old)).toEqual(['News']))
      await eventually(async () =>
        expect(await ok<NotificationStatus>('GET', `/v1/notifications/${later}`)).toMatchObject({
          state: 'scheduled',
        }),
      )
      // In a cluster, this is another hub than the one that the app is connected to.
      const hub = environment.hubs.at(-1)?.url ?? ''
      await ok('DELETE', '/v1/users/ada', undefined, undefined, hub)
      await app.closed
      await expect(items(old)).rejects.toThrow(/401/)
      const fresh = await token('ada')
      expect(await items(fresh)).toEqual([])

      const sent = await send({
        to: [{ user: 'ada', email: 'ada@example.test' }, 'bob'],
        plan: [{ channel: 'email', when: 'always' }],
      })
      await ledger(sent, 'ada', { ...SKIPPED, channel: 'inbox', step: null })
      await ledger(sent, 'ada', { ...SKIPPED, channel: 'email' })
      await ledger(waiting, 'ada', { ...SKIPPED, channel: 'email' })
      await ledger(later, 'ada', { ...SKIPPED, channel: 'inbox' })
      expect(await items(fresh)).toEqual([])
      expect(server.accepted).toEqual([])
      expect((await deliveries(sent, 'bob')).map(({ channel }) => channel)).toContain('inbox')
      // The write-ahead log of the embedded file still contains earlier writes.
      if (environment.hubs.length > 1) expect(await environment.findText(NAME)).toEqual([])

      await user('ada', { email: 'new@example.test' })
      const again = await send({ to: 'ada', plan: [{ channel: 'email', when: 'always' }] })
      await ledger(again, 'ada', { channel: 'email', state: 'sent' })
      expect(await items(fresh)).toEqual(['News'])
    },
  },
  {
    title: 'a user who is erased during a fan-out has an empty inbox',
    run: async ({ ok, send, token }) => {
      const members = Array.from({ length: 1_500 }, (_, index) => `user-${index}`)
      for (let from = 0; from < members.length; from += 500)
        await ok('POST', '/v1/topics/all/members', { users: members.slice(from, from + 500) })
      const gone = members.filter((_, index) => index % 60 === 0)
      const ids: string[] = []
      for (const user of gone) {
        ids.push(await send({ to: { topic: 'all' } }))
        await ok('DELETE', `/v1/users/${user}`)
      }
      await eventually(async () => {
        for (const id of ids)
          expect(await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)).toMatchObject({
            state: 'delivered',
          })
      })
      for (const user of gone)
        expect(await ok('GET', '/v1/inbox', undefined, await token(user)), user).toMatchObject({
          items: [],
          counts: { unread: 0 },
        })
    },
  },
]
