import { DeliveryChannel, FREQUENCIES, type Preferences } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PreferenceLayers, preferenceOf, type Subject } from './preference.ts'

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

/** The order of preferences as a list of rules: the first one that gives an answer decides. Shares no code with the above. */
const model = (
  subject: Subject,
  channel: string,
  layers: PreferenceLayers,
): { on: boolean; pace: unknown; by: string } => {
  const { userContext: C, user: U, context: X, tenant: T } = layers
  const at = (document: Preferences | undefined, ...path: string[]): unknown =>
    path.reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], document)
  const { type, category = 'none' } = subject
  if (subject.critical) return { on: true, pace: true, by: subject.critical === 'otp' ? 'system' : 'type' }
  let pace: { value: unknown; by: string } | undefined
  const names = new Map([
    [C, 'user_context'],
    [U, 'user'],
    [X, 'context'],
    [T, 'tenant'],
  ])
  const rows = (documents: (Preferences | undefined)[]) =>
    [
      ['types', type, channel],
      ['types', type, 'all'],
      ['categories', category, channel],
      ['categories', category, 'all'],
      ['channels', channel],
    ].flatMap((path) => documents.map((document) => ({ path, document })))
  const rounds = [...(subject.transactional ? [] : [[C, U]]), [X], [T]]
  for (const documents of rounds) {
    const by = (document: Preferences | undefined) => names.get(document) ?? 'none'
    if (documents.includes(U)) {
      for (const document of documents)
        if (document?.muted) return { on: false, pace: true, by: by(document) }
      const muted = subject.addressed.map((way) =>
        way.by === 'topic'
          ? documents.find((document) => at(document, 'topics', way.topic) === false)
          : undefined,
      )
      if (muted.length > 0 && muted.every(Boolean)) return { on: false, pace: true, by: by(muted[0]) }
    }
    const off = documents.find((document) => at(document, 'channels', channel) === false)
    if (off) return { on: false, pace: true, by: by(off) }
    const hit = rows(documents).find(({ path, document }) => at(document, ...path) !== undefined)
    if (!hit) continue
    const value = at(hit.document, ...hit.path)
    if (value === false) return { on: false, pace: true, by: by(hit.document) }
    pace ??= { value, by: by(hit.document) }
    if (hit.path.length === 3 && hit.path[2] === channel) {
      if (subject.transactional) return { on: true, pace: true, by: subject.transactional.by }
      return { on: true, pace: pace.value, by: pace.by }
    }
  }
  const byDefault = subject.defaults?.[channel]
  if (byDefault === false) return { on: false, pace: true, by: 'type' }
  if (subject.transactional) return { on: true, pace: true, by: subject.transactional.by }
  if (pace) return { on: true, pace: pace.value, by: pace.by }
  return byDefault === undefined
    ? { on: true, pace: true, by: 'system' }
    : { on: true, pace: byDefault, by: 'type' }
}

const choices = [true, false, ...FREQUENCIES] as const
const CHANNEL = 'email'
const scoped = (key: string) =>
  fc.option(
    fc.record({
      [key]: fc.record(
        { email: fc.constantFrom(...choices), all: fc.constantFrom(...choices) },
        { requiredKeys: [] },
      ),
    }),
    { nil: undefined },
  )
const documents = fc.option(
  fc.record(
    {
      muted: fc.boolean(),
      channels: fc.record({ email: fc.constantFrom(...choices) }, { requiredKeys: [] }),
      categories: scoped('news'),
      types: scoped('news.weekly'),
      topics: fc.record({ a: fc.boolean(), b: fc.boolean() }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Preferences>,
  { nil: undefined },
)
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

const answer = (subject: Subject, layers: PreferenceLayers) => {
  const { outcome, pace, by } = preferenceOf(subject, CHANNEL, layers)
  return { on: outcome === 'pass', pace, by }
}

describe('preferences agree with the list of rules', () => {
  test('for any documents', () => {
    const layers = fc.record({
      userContext: documents,
      user: documents,
      context: documents,
      tenant: documents,
    })
    fc.assert(
      fc.property(subjects, layers, (subject, each) => {
        expect(answer(subject, each)).toEqual(model(subject, CHANNEL, each))
      }),
      { numRuns: 3_000 },
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
                expect(answer(subject, layers)).toEqual(model(subject, CHANNEL, layers))
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
