import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { fakeTime, untilTimed } from '../testing/timed.ts'
import { providersOf, scripted } from './testing/scripted.ts'

const open = async () => {
  const time = fakeTime('2027-06-07T12:00:00Z')
  const mail = scripted('mail', ['email'])
  const hook = scripted('hook', ['webhook'], { needs: 'account' })
  const world = await openWorld({ providers: providersOf(mail, hook), clock: time.clock })
  await world.account('mail')
  await world.account('hook')
  await world.appUrl('https://app.example')
  await world.person('ada', { email: 'ada@example.org', locale: 'pt-BR' })
  return { ...world, ...time, mail, hook }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(async () => {
  await world.close()
  vi.useRealTimers()
})

const until = <T>(check: () => Promise<T> | T) => untilTimed(world.setTime, check)
const planOf = (channel: 'webhook' | 'email') => [{ channel, when: 'always' as const, after: 0 }]
const notify = async (type: string, title: string, more: object = {}) => {
  world.setTime(Date.now() + 1)
  await world.send({ id: title, to: 'ada', type, title, ...more })
  await until(async () => expect(await world.ledger(title, 'ada')).not.toEqual([]))
}

test('a webhook of a digest lists its notifications, newest first', async () => {
  const plan = planOf('webhook')
  await world.store.types.put(world.tenant, { key: 'like', plan, digest: { window: 60 }, category: 'likes' })
  await notify('like', 'Bob', { data: { post: 7 } })
  await notify('like', 'Cleo', { url: '/posts/8', actor: { user: 'cleo' } })
  world.setTime('2027-06-07T12:02:00Z')
  await until(() => expect(world.hook.got).toHaveLength(1))
  const { content, listed } = world.hook.got[0]!
  expect(content).toMatchObject({ title: '2 new notifications', actor: { user: 'cleo' } })
  const items = [
    {
      ...{ type: 'like', category: 'likes', title: 'Cleo', url: 'https://app.example/posts/8' },
      actor: { user: 'cleo' },
    },
    { type: 'like', category: 'likes', title: 'Bob', data: { post: 7 } },
  ]
  expect(listed).toMatchObject({ items, total: 2 })

  await world.store.types.put(world.tenant, { key: 'alone', plan })
  await world.send({ id: 'Dan', to: 'ada', type: 'alone', title: 'Dan' })
  await until(() => expect(world.hook.got).toHaveLength(2))
  expect(world.hook.got[1]).not.toHaveProperty('listed')
})

test('a summary has the names of categories as headings, in the language of the user', async () => {
  const plan = planOf('email')
  for (const category of ['orders', 'billing', 'news'])
    await world.store.types.put(world.tenant, { key: `${category}.any`, category, plan })
  await world.store.categories.put(world.tenant, {
    ...{ key: 'orders', name: 'Orders' },
    locales: { pt: { name: 'Encomendas <1>' } },
  })
  await world.store.categories.put(world.tenant, { key: 'billing', name: 'Billing' })
  const changes = [{ path: '/channels/email', value: 'hourly' }] as const
  await world.store.preferences.change(world.tenant, 'ada', { changes, via: 'app', by: 'ada' })
  for (const category of ['orders', 'billing', 'news']) await notify(`${category}.any`, `of ${category}`)
  world.setTime('2027-06-07T13:00:01Z')
  await until(() => expect(world.mail.got).toHaveLength(1))
  const headings = world.mail.got[0]!.content.html?.match(/(?<=<h2[^>]*>)[^<]*/g)
  expect(headings).toEqual(['news', 'Billing', 'Encomendas &lt;1&gt;'])
})

test('a notification with two steps in a digest is listed once', async () => {
  const plan = [...planOf('email'), ...planOf('email')]
  await world.store.types.put(world.tenant, { key: 'twice', plan })
  const changes = [{ path: '/channels/email', value: 'hourly' }] as const
  await world.store.preferences.change(world.tenant, 'ada', { changes, via: 'app', by: 'ada' })
  await notify('twice', 'Bob')
  await notify('twice', 'Cleo')
  await until(async () => expect(await world.ledger('Cleo', 'ada')).toHaveLength(2))
  world.setTime('2027-06-07T13:00:01Z')
  await until(() => expect(world.mail.got).toHaveLength(1))
  const { subject, html } = world.mail.got[0]!.content
  expect(subject).toBe('2 novas notificações')
  expect(html?.match(/(?<=>)(Bob|Cleo)/g)).toEqual(['Cleo', 'Bob'])
})
