import { afterEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { until } from '../sending/testing/sending-world.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const USERS = Array.from({ length: 40 }, (_, index) => `user-${index}`)
const step = (channel: 'email' | 'sms', after = 0) => ({ channel, when: 'always' as const, after })

const opened = async () => {
  const mail = scripted('mail', ['email'])
  const text = scripted('text', ['sms'], { needs: 'phone' })
  world = await openWorld({ providers: providersOf(mail, text) })
  await world.account('mail')
  await world.account('text')
  const { store, tenant } = world
  for (const [index, user] of USERS.entries())
    await world.person(user, {
      email: `${user}@example.org`,
      phone: `+35191111${String(index).padStart(4, '0')}`,
      attributes: { plan: index % 2 === 0 ? 'pro' : 'free' },
    })
  const itemsOf = async (user: string) =>
    (await store.inbox.page({ tenant, user }, { status: 'active', limit: 10 })).items
  return { ...world, mail, text, itemsOf }
}

describe('variants', () => {
  test('split people, who get their texts and plan; item, steps and ledger name it', async () => {
    const { store, tenant, send, ledger, itemsOf, mail, text } = await opened()
    await store.types.put(
      tenant,
      {
        key: 'news',
        content: { title: 'type' },
        plan: [step('email')],
        variants: [
          { key: 'a', weight: 1, content: { title: 'A' } },
          { key: 'b', weight: 1, content: { title: 'B' }, plan: [step('sms')] },
          { key: 'pro', weight: 1_000, if: "user.attributes.plan == 'gold'", content: { title: 'gold' } },
        ],
      },
      'key',
    )
    await send({ id: 'n1', to: USERS, type: 'news' })
    await until(() => expect(mail.got.length + text.got.length).toBe(USERS.length))
    const titles = await Promise.all(
      USERS.map(async (user) => {
        const [item] = await itemsOf(user)
        expect(item?.title).toBe(item?.variant?.toUpperCase())
        return [user, item?.variant] as const
      }),
    )
    const variants = new Map(titles)
    expect(new Set(variants.values())).toEqual(new Set(['a', 'b']))
    for (const message of mail.got)
      expect([variants.get(message.user), message.content.title]).toEqual(['a', 'A'])
    for (const message of text.got)
      expect([variants.get(message.user), message.content.title]).toEqual(['b', 'B'])
    for (const user of USERS.slice(0, 5))
      await until(async () =>
        expect(await ledger('n1', user)).toMatchObject([{ state: 'sent', variant: variants.get(user) }]),
      )
    const [a, b] = await store.variantFigures.of(tenant, 'news', ['a', 'b'])
    const count = (key: string) => [...variants.values()].filter((each) => each === key).length
    // Two people may share a register.
    const isAbout = (figure: number | undefined, expected: number) =>
      expect(expected - (figure ?? 0)).toBeOneOf([0, 1])
    isAbout(a?.sent, count('a'))
    isAbout(b?.sent, count('b'))

    // The same people get the same variants again, and a redelivery is not counted.
    await send({ id: 'n2', to: USERS, type: 'news' })
    await until(() => expect(mail.got.length + text.got.length).toBe(2 * USERS.length))
    for (const user of USERS)
      expect(new Set((await itemsOf(user)).map(({ variant }) => variant))).toEqual(
        new Set([variants.get(user)]),
      )
    await send({ id: 'n2', to: USERS, type: 'news' })
    await world?.quiet()
    const [again] = await store.variantFigures.of(tenant, 'news', ['a'])
    expect(Math.abs((again?.sent ?? 0) - 2 * count('a'))).toBeLessThan(4)
  })

  test('conditions of variants decide who takes part in the split', async () => {
    const { store, tenant, send, itemsOf } = await opened()
    await store.types.put(
      tenant,
      {
        key: 'news',
        content: { title: 'type' },
        variants: [
          { key: 'pro', weight: 1, if: "user.attributes.plan == 'pro'", content: { title: 'for pros' } },
          { key: 'broken', weight: 1, if: 'data.missing', content: { title: 'broken' } },
        ],
      },
      'key',
    )
    await send({ id: 'n1', to: USERS, type: 'news' })
    await until(async () => expect(await itemsOf(USERS.at(-1)!)).toHaveLength(1))
    for (const [index, user] of USERS.entries()) {
      const [item] = await itemsOf(user)
      expect([item?.title, item?.variant]).toEqual(
        index % 2 === 0 ? ['for pros', 'pro'] : ['type', undefined],
      )
    }
  })

  test('a notification keeps its variant, its texts and its plan, whatever is published meanwhile', async () => {
    const { store, tenant, send, itemsOf, mail } = await opened()
    const variant = (title: string) => ({
      key: 'news',
      content: { title: 'type' },
      variants: [{ key: 'a', weight: 1, channels: { email: { subject: title } }, plan: [step('email', 1)] }],
    })
    await store.types.put(tenant, variant('old'), 'key')
    await send({ id: 'n1', to: 'user-0', type: 'news' })
    await until(async () => expect(await itemsOf('user-0')).toHaveLength(1))
    await store.types.put(tenant, { key: 'news', content: { title: 'new' }, plan: [] }, 'key')
    await until(() => expect(mail.got).toHaveLength(1))
    expect(mail.got[0]?.content.subject).toBe('old')
  })

  test('a test is marked in its item and its events, and counts in no figure', async () => {
    const { store, stream, tenant, send, itemsOf, mail } = await opened()
    const variants = [{ key: 'a', weight: 1, content: { title: 'A' } }]
    await store.types.put(tenant, { key: 'news', variants, plan: [step('email')] }, 'key')
    const publish = vi.spyOn(stream, 'publish')
    await send({ id: 'n1', to: 'user-0', type: 'news', test: true })
    await until(() => expect(mail.got).toHaveLength(1))
    const events = () =>
      publish.mock.calls
        .flatMap(([messages]) => messages)
        .filter(({ subject }) => subject.startsWith('event.'))
        .map(({ data }) => JSON.parse(new TextDecoder().decode(data)))
    await until(() => expect(events().map(({ state }) => state)).toContain('sent'))
    expect(events().every(({ test }) => test === true)).toBe(true)
    expect(await itemsOf('user-0')).toMatchObject([{ title: '[Test] A', variant: 'a', test: true }])
    expect(await store.variantFigures.of(tenant, 'news', ['a'])).toMatchObject([{ sent: 0 }])
  })

  test('the record has the delays of every plan, marked with their variant', async () => {
    const { store, tenant, send } = await opened()
    await store.types.put(
      tenant,
      {
        key: 'news',
        plan: [step('email', 600)],
        variants: [
          { key: 'a', weight: 1, plan: [step('sms', 60)] },
          { key: 'b', weight: 1 },
        ],
      },
      'key',
    )
    await send({ id: 'n1', to: 'user-0', type: 'news', title: 'x' })
    await until(async () => expect(await store.notifications.get(tenant, 'n1')).toBeDefined())
    const record = await store.notifications.get(tenant, 'n1')
    const delays = record?.decisions?.filter(({ reason }) => reason === 'delay')
    expect(delays?.map(({ channel, variant }) => [channel, variant])).toEqual([
      ['email', ''],
      ['sms', 'a'],
      ['email', 'b'],
    ])
  })
})
