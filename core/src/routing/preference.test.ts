import { DeliveryChannel, FREQUENCIES, type Preferences } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inContext } from '../contexts/in-context.ts'
import { defaultsIn, GENERAL, ownIn } from '../preferences/documents.ts'
import { type PreferenceLayers, preferenceOf, type Subject } from './preference.ts'
import { modelOf, type Verdict, type World } from './testing/preference-model.ts'

const newsletter: Subject = { type: 'news.weekly', category: 'news', addressed: [{ by: 'user' }] }
const shipped: Subject = { type: 'order.shipped', category: 'orders', addressed: [{ by: 'user' }] }

describe('a preference', () => {
  test('is on, decided by nobody, where nothing is chosen', () => {
    expect(preferenceOf(newsletter, 'email', {})).toEqual({ outcome: 'pass', pace: true, by: 'system' })
  })

  test('says who decided, where and why', () => {
    const user: Preferences = { categories: { orders: { email: false } } }
    expect(preferenceOf(shipped, 'email', { user })).toMatchObject({
      outcome: 'skip',
      by: 'user',
      path: 'categories.orders.email',
      reason: 'opted_out',
    })
  })

  test('a muted topic is off only for whom it is the only way', () => {
    const user: Preferences = { topics: { 'post-7': false }, types: { 'order.shipped': { email: true } } }
    const topic = { by: 'topic', topic: 'post-7' } as const
    const by = (...addressed: Subject['addressed']) =>
      preferenceOf({ ...shipped, addressed }, 'email', { user })
    expect(by(topic)).toMatchObject({ outcome: 'skip', reason: 'topic_muted', path: 'topics.post-7' })
    expect(by(topic, { by: 'user' }).outcome).toBe('pass')
    expect(by(topic, { by: 'topic', topic: 'other' }).outcome).toBe('pass')
  })

  test('turning a channel on again does not switch on what is off by default', () => {
    const tenant: Preferences = { categories: { news: { email: false } } }
    expect(preferenceOf(newsletter, 'email', { user: { channels: { email: true } }, tenant })).toMatchObject({
      outcome: 'skip',
      by: 'tenant',
      reason: 'default_off',
    })
  })

  test('a channel that is off hides older, narrower choices, which hold again once it is on', () => {
    const with_ = (sms: boolean) =>
      preferenceOf(shipped, 'sms', {
        user: { channels: { sms }, types: { 'order.shipped': { sms: true } } },
        tenant: { channels: { sms: false } },
      })
    expect(with_(false)).toMatchObject({ outcome: 'skip', path: 'channels.sms' })
    expect(with_(true)).toMatchObject({ outcome: 'pass', path: 'types.order.shipped.sms' })
  })

  test.each([
    ['user', 'user'],
    ['userContext', 'user_context'],
  ] as const)('a switch, a mute or a muted topic in %s suffices', (document, by) => {
    const other = document === 'user' ? 'userContext' : 'user'
    const on: Preferences = {
      channels: { email: true },
      types: { 'order.shipped': { email: true } },
      topics: { 'post-7': true },
    }
    const addressed = [{ by: 'topic', topic: 'post-7' }] as const
    for (const [off, reason] of [
      [{ muted: true }, 'muted'],
      [{ channels: { email: false } }, 'opted_out'],
      [{ topics: { 'post-7': false } }, 'topic_muted'],
    ] as const)
      expect(
        preferenceOf({ ...shipped, addressed }, 'email', { [document]: off, [other]: on }),
      ).toMatchObject({ outcome: 'skip', by, reason })
  })

  test('each choice holds in the context, then in general; the defaults of the context come before the tenant', () => {
    const of = (layers: PreferenceLayers) => {
      const { outcome, by, path } = preferenceOf(shipped, 'email', layers)
      return [outcome, by, path]
    }
    const wide: Preferences = { categories: { orders: { email: false } } }
    const narrow: Preferences = { types: { 'order.shipped': { email: true } } }
    expect(of({ userContext: wide, user: narrow })).toEqual(['pass', 'user', 'types.order.shipped.email'])
    expect(of({ userContext: narrow, user: wide })).toEqual([
      'pass',
      'user_context',
      'types.order.shipped.email',
    ])
    expect(of({ userContext: wide, user: { categories: { orders: { email: true } } } })).toEqual([
      'skip',
      'user_context',
      'categories.orders.email',
    ])
    expect(of({ context: narrow, tenant: narrow })).toEqual(['pass', 'context', 'types.order.shipped.email'])
    expect(of({ context: wide, tenant: narrow })).toEqual(['skip', 'context', 'categories.orders.email'])
  })

  test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', (name) => {
    const subject: Subject = { type: name, category: name, addressed: [{ by: 'topic', topic: name }] }
    expect(preferenceOf(subject, 'email', { user: {}, tenant: {} }).by).toBe('system')
    const user = { categories: JSON.parse(`{"${name}":{"email":false}}`) } as Preferences
    expect(preferenceOf(subject, 'email', { user }).outcome).toBe('skip')
  })
})

const choices = [true, false, ...FREQUENCIES] as const
const CHANNEL = 'email'
const choice = fc.constantFrom(...choices)
/** Choices about what is sent, and about something else, which must not matter. */
const scoped = (key: string, other: string) =>
  fc.option(
    fc.dictionary(
      fc.constantFrom(key, key, other),
      fc.record({ email: choice, sms: choice, all: choice }, { requiredKeys: [] }),
      { maxKeys: 2 },
    ),
    { nil: undefined },
  )
const document = fc.record(
  {
    muted: fc.constantFrom(true, false, false, false),
    channels: fc.record({ email: choice, sms: choice }, { requiredKeys: [] }),
    categories: scoped('news', 'orders'),
    types: scoped('news.weekly', 'news.daily'),
    topics: fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Preferences>
const optional = fc.option(document, { nil: undefined })
const byContext = fc.dictionary(fc.constantFrom('acme', 'other'), document, { maxKeys: 2 })
/** Own preferences and defaults, in general and in contexts, and a notification in one of them, in none or in an unknown one. */
const worlds: fc.Arbitrary<World> = fc.record({
  ...{ general: optional, own: byContext, tenant: optional, defaults: byContext },
  context: fc.constantFrom('acme', 'acme', 'acme', 'other', 'unknown', undefined),
})
const subjects: fc.Arbitrary<Subject> = fc.record({
  type: fc.constant('news.weekly'),
  category: fc.constantFrom('news', undefined),
  critical: fc.constantFrom(undefined, undefined, undefined, 'critical', 'otp'),
  transactional: fc.constantFrom(undefined, undefined, { by: 'type' }, { by: 'category' }),
  defaults: fc.option(fc.record({ email: fc.constantFrom(...choices) }, { requiredKeys: [] }), {
    nil: undefined,
  }),
  addressed: fc.subarray(
    [{ by: 'user' }, { by: 'topic', topic: 'a' }, { by: 'topic', topic: 'b' }] as const,
    {
      minLength: 1,
    },
  ),
})

const verdictOf = (subject: Subject, layers: PreferenceLayers): Verdict => {
  const { outcome, ...verdict } = preferenceOf(subject, CHANNEL, layers)
  return { on: outcome === 'pass', ...verdict }
}

/** Finds what holds in the context as the dispatcher does, and decides. */
const verdictIn = (subject: Subject, { general, own, tenant, defaults, context: key }: World): Verdict => {
  const documents = new Map([...(general ? [[GENERAL, general] as const] : []), ...Object.entries(own)])
  const found = key !== undefined && Object.hasOwn(defaults, key) ? defaults[key] : undefined
  const tenancy = inContext({
    ...{ key, tenant: { id: 't', settings: tenant ? { defaults: tenant } : {} } },
    context: found && { settings: { defaults: found } },
  })
  return verdictOf(subject, { ...ownIn(documents, key), ...defaultsIn(tenancy) })
}

/** The layers as a world with one context. */
const worldOf = ({ userContext, user, context, tenant }: PreferenceLayers): World => ({
  ...{ general: user, tenant, context: 'acme' },
  own: userContext ? { acme: userContext } : {},
  defaults: context ? { acme: context } : {},
})

describe('preferences agree with the list of rules', () => {
  test('for any documents of user, contexts and tenant, in any context', () => {
    fc.assert(
      fc.property(subjects, worlds, (subject, world) => {
        expect(verdictIn(subject, world)).toEqual(modelOf(subject, CHANNEL, world))
      }),
      { numRuns: 2_000 },
    )
  })

  test('for every pair of places and every pair of values', () => {
    const places: ((value: (typeof choices)[number]) => Preferences)[] = [
      (value) => ({ channels: { email: value } }),
      (value) => ({ types: { 'news.weekly': { email: value } } }),
      (value) => ({ types: { 'news.weekly': { all: value } } }),
      (value) => ({ categories: { news: { email: value } } }),
      (value) => ({ categories: { news: { all: value } } }),
    ]
    const owners = ['userContext', 'user', 'context', 'tenant'] as const
    for (const [one, other] of owners.flatMap((a) => owners.map((b) => [a, b] as const)))
      for (const place of places)
        for (const elsewhere of places)
          for (const value of choices)
            for (const second of choices) {
              const layers: PreferenceLayers = { [one]: place(value) }
              layers[other] = one === other ? { ...place(value), ...elsewhere(second) } : elsewhere(second)
              for (const transactional of [undefined, { by: 'type' } as const]) {
                const subject = { ...newsletter, transactional }
                expect(verdictOf(subject, layers)).toEqual(modelOf(subject, CHANNEL, worldOf(layers)))
              }
            }
  })

  test('for every channel', () => {
    for (const channel of DeliveryChannel.options)
      expect(preferenceOf(newsletter, channel, { user: { channels: { [channel]: false } } }).outcome).toBe(
        'skip',
      )
  })
})
