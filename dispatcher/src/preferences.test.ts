import type { Channel, PlanStep } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from './sending/testing/scripted.ts'
import { openWorld, type World } from './testing/dispatcher.ts'

const open = async () => {
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const mail = scripted('mail', ['email'])
  const world = await openWorld({ providers: providersOf(sms, mail), publicUrl: 'https://hub.example.org' })
  for (const { provider } of [sms, mail]) await world.account(provider.name)
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111' })
  return { ...world, sms, mail }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(async () => {
  vi.useRealTimers()
  await world.close()
})

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const step = (channel: Channel, when: PlanStep['when'] = 'always', after = 0): PlanStep => ({
  channel,
  when,
  after,
})
const note = (id: string, more: object = {}) => ({ id, to: 'ada', type: 'bill', title: id, ...more })
const choose = (path: string, value: boolean | null = false, user = 'ada') =>
  world.store.preferences.change(world.tenant, user, { changes: [{ path, value }], via: 'app', by: user })
const type = (key: string, more: object = {}) => world.store.types.put(world.tenant, { key, ...more })
const decisions = async (id: string, user = 'ada', toAudience = false) =>
  (await world.store.decisions.of(world.tenant, { id, toAudience, user })).map(
    ({ stage, channel, outcome, by, path, reason }) => [stage, channel, outcome, by, path, reason].join(' '),
  )
const ledger = async (id: string, user = 'ada') =>
  (await world.ledger(id, user)).map(({ channel, state }) => `${channel} ${state}`).sort()

describe('the inbox', () => {
  test('of a person who switched it off gets no item, and the decision says which layer', async () => {
    await type('bill', { category: 'billing' })
    await choose('/categories/billing/inbox')
    await world.send(note('n1', { to: ['ada', 'bob'] }))
    await world.quiet()
    expect([await world.titles('ada'), await world.titles('bob')]).toEqual([[], ['n1']])
    expect(await decisions('n1')).toEqual(['preference inbox skip user categories.billing.inbox opted_out'])
    expect(await decisions('n1', 'bob')).toEqual([])
  })

  test('follows a change at once', async () => {
    await world.send(note('n1'))
    await world.quiet()
    await choose('/muted', true)
    await world.send(note('n2'))
    await world.quiet()
    await choose('/muted', null)
    await world.send(note('n3'))
    await world.quiet()
    expect(await world.titles('ada')).toEqual(['n3', 'n1'])
  })

  test('is off for everybody by a default, recorded once, but not for those who chose', async () => {
    const { store, tenant } = world
    await store.tenants.putSettings(tenant, { defaults: { categories: { news: { inbox: false } } } })
    await choose('/categories/news/inbox', true, 'bob')
    await world.send(note('n1', { to: ['ada', 'bob', 'cy'], category: 'news' }))
    await world.quiet()
    expect([await world.titles('ada'), await world.titles('bob')]).toEqual([[], ['n1']])
    const off = 'preference inbox skip tenant categories.news.inbox default_off'
    expect(await decisions('n1', 'cy')).toEqual([off])
    expect(await decisions('n1', 'bob')).toContain('preference inbox pass user categories.news.inbox ')
  })

  test('of 1,200 members costs a few reads, however many have preferences', async () => {
    const { store, tenant } = world
    const members = Array.from({ length: 1_200 }, (_, n) => `user${n}`)
    await store.topics.add(tenant, 'all', members)
    await choose('/topics/all', false, 'user7')
    const get = vi.spyOn(store.preferences, 'get')
    await world.send(note('blast', { to: { topic: 'all' } }))
    await until(async () => expect((await store.notifications.get(tenant, 'blast'))?.state).toBe('delivered'))
    // A read for each of the chunks of the eight chains.
    expect(get.mock.calls.length).toBeLessThanOrEqual(8 + 1_200 / 500)
    expect([await world.titles('user7'), await world.titles('user8')]).toEqual([[], ['blast']])
    expect(await decisions('blast', 'user7', true)).toEqual([
      'preference inbox skip user topics.all topic_muted',
    ])
  })

  test('of a batch of single notifications costs one read', async () => {
    const get = vi.spyOn(world.store.preferences, 'get')
    await Promise.all(Array.from({ length: 40 }, (_, n) => world.send(note(`n${n}`, { to: `user${n}` }))))
    await world.quiet()
    // One read for each batch that the dispatcher took; they arrive within a moment.
    expect(get.mock.calls.length).toBeLessThan(10)
  })
})

describe('a muted topic', () => {
  test('stops what comes only through it, on every channel, and nothing else', async () => {
    const { store, tenant, mail } = world
    await store.topics.add(tenant, 'post-7', ['ada', 'bob'])
    await choose('/topics/post-7')
    await choose('/types/bill/email', true)
    const plan = [step('email')]
    await world.send(note('only', { to: { topic: 'post-7' }, plan }))
    await until(async () => expect(await ledger('only')).toEqual(['email skipped']))
    await world.send(note('named', { to: ['ada', { topic: 'post-7' }], plan }))
    await until(async () => expect(await ledger('named')).toEqual(['email sent']))
    expect(await world.titles('ada')).toEqual(['named'])
    expect(await decisions('only')).toEqual([
      'preference inbox skip user topics.post-7 topic_muted',
      'preference email skip user topics.post-7 topic_muted',
    ])
    expect(mail.got).toHaveLength(1)
  })
})

describe('a due step', () => {
  test('is not sent if its channel was switched off after the notification was published', async () => {
    await type('bill', { category: 'billing' })
    await world.send(note('n1', { plan: [step('email', 'unread', 1)] }))
    await until(async () => expect(await world.titles('ada')).toEqual(['n1']))
    await choose('/categories/billing/email')
    await until(async () => expect(await ledger('n1')).toEqual(['email skipped']))
    expect(world.mail.got).toEqual([])
    expect(await decisions('n1')).toEqual(['preference email skip user categories.billing.email opted_out'])
  })

  test('that is left out makes a step for its failure due at once, and no other one', async () => {
    await choose('/channels/sms')
    await world.send(note('failed', { plan: [step('sms'), step('email', 'failed', 3_600)] }))
    await until(async () => expect(await ledger('failed')).toEqual(['email sent', 'sms skipped']))
    await world.send(note('waits', { plan: [step('sms'), step('email', 'unread', 3_600)] }))
    await until(async () => expect(await ledger('waits')).toEqual(['sms skipped']))
    await world.quiet()
    expect(world.mail.got).toHaveLength(1)
  })

  test('of a critical type bypasses preferences; a critical priority does not', async () => {
    await type('alarm', { critical: true })
    await choose('/channels/email')
    await choose('/muted', true)
    const plan = [step('email')]
    await world.send(note('urgent', { plan, priority: 'critical' }))
    await world.send(note('alarm', { type: 'alarm', plan }))
    await until(async () => expect(await ledger('urgent')).toEqual(['email skipped']))
    await until(async () => expect(await ledger('alarm')).toEqual(['email sent']))
    expect(await world.titles('ada')).toEqual(['alarm'])
  })

  test('carries a link to unsubscribe, unless nobody can', async () => {
    await type('invoice', { optOut: false })
    await type('alarm', { critical: true })
    await choose('/types/invoice/email')
    for (const each of ['bill', 'invoice', 'alarm'])
      await world.send(note(each, { type: each, plan: [step('email')], priority: 'critical' }))
    await until(() => expect(world.mail.got).toHaveLength(3))
    const linked = world.mail.got.flatMap((sent) => (sent.unsubscribeUrl === undefined ? [] : [sent.type]))
    expect(linked).toEqual(['bill'])
  })
})

describe('passing over preferences', () => {
  const off = async () => {
    await choose('/muted', true)
    await choose('/channels/email')
  }
  const isKeptFrom = async (id: string) => {
    await until(async () => expect(await ledger(id)).toEqual(['email skipped']))
    expect([await world.titles('ada'), world.mail.got]).toEqual([[], []])
  }

  test('is decided by the category of the type, from the moment it is changed', async () => {
    const { store, tenant } = world
    await type('bill', { category: 'billing', plan: [step('email')] })
    await off()
    await world.send(note('n1'))
    await isKeptFrom('n1')
    await store.categories.put(tenant, { key: 'billing', optOut: false })
    await world.send(note('n2'))
    await until(async () => expect(await ledger('n2')).toEqual(['email sent']))
    expect(await world.titles('ada')).toEqual(['n2'])
    expect(world.mail.got[0]?.unsubscribeUrl).toBeUndefined()
    await store.categories.put(tenant, { key: 'billing' })
    await world.send(note('n3'))
    await until(async () => expect(await ledger('n3')).toEqual(['email skipped']))
  })

  test('is not possible for a sender: neither by priority nor by a category, plan or type that it names', async () => {
    const { store, tenant } = world
    await store.categories.put(tenant, { key: 'security', optOut: false })
    await type('bill', { category: 'billing' })
    await type('open', { optOut: true })
    await off()
    const plan = [step('email')]
    const attempts = {
      urgent: { priority: 'critical', plan },
      'other-category': { category: 'security', plan },
      'untyped-category': { type: 'unheard.of', category: 'security', plan },
      'open-category': { type: 'open', category: 'security', priority: 'critical', plan },
    } as const
    for (const [id, more] of Object.entries(attempts)) {
      await world.send(note(id, more))
      await isKeptFrom(id)
    }
  })

  test('a category that a sender names counts only where the type has none', async () => {
    await type('bill', { category: 'billing' })
    await choose('/categories/billing/email')
    const plan = [step('email')]
    await world.send(note('typed', { category: 'social', plan }))
    await until(async () => expect(await ledger('typed')).toEqual(['email skipped']))
    await world.send(note('untyped', { type: 'other', category: 'social', plan }))
    await until(async () => expect(await ledger('untyped')).toEqual(['email sent']))
    await choose('/categories/social/email')
    await world.send(note('social', { type: 'other', category: 'social', plan }))
    await until(async () => expect(await ledger('social')).toEqual(['email skipped']))
  })
})
