import { type Step, stepMessage } from '@carillon/core/delivery/step'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import { type NotificationTypeInput, ThrottleRule } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDispatcher } from '../dispatcher.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { providersOf, scripted } from './testing/scripted.ts'
import { step, until } from './testing/sending-world.ts'

const open = async () => {
  const mail = scripted('mail', ['email'])
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const world = await openWorld({ providers: providersOf(mail, sms), retries: { email: { baseMs: 20 } } })
  await world.account('mail')
  await world.account('text')
  for (const id of ['ada', 'bob'])
    await world.person(id, { email: `${id}@example.org`, phone: '+351911111111' })
  return { ...world, mail, sms }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  world = await open()
})
afterEach(() => world.close())

/** The linter refuses a literal with `then`, as a promise in disguise. */
const orDigest = (rule: object) =>
  ThrottleRule.parse(Object.fromEntries([...Object.entries(rule), ['then', 'digest']]))

const limited = (throttle: ThrottleRule, more: NotificationTypeInput = {}, key = 'monitor.down') =>
  world.store.types.put(world.tenant, {
    ...{ key, plan: [step('email')], throttle },
    content: {
      title: '{{ data.name }} is down',
      body: '{{ total }}: {% for item in items %}{{ item.data.name }} {% endfor %}',
    },
    ...more,
  })
let sent = 0
const send = async (name: string, more: object = {}): Promise<string> => {
  const id = `down-${++sent}`
  await world.send({ id, to: 'ada', type: 'monitor.down', data: { name }, ...more })
  return id
}
const sendAll = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => send(`m${index}`)))
const states = async (id: string, user = 'ada') =>
  (await world.ledger(id, user)).map(({ channel, state, reason }) =>
    [channel, state, reason ?? ''].join(' ').trim(),
  )
/** Resolves once every notification has its last state; returns them in order. */
const settled = (ids: readonly string[], of: (states: string[]) => boolean = (all) => all.length > 0) =>
  until(async () => {
    const all = await Promise.all(ids.map((id) => states(id)))
    expect(all.every((each) => of(each) && !each.some((state) => / (requested|queued)$/.test(state)))).toBe(
      true,
    )
    return all.map((each) => each.sort().join(', '))
  })
const told = (messages = world.mail.got) =>
  messages.map(({ user, content }) => `${user} ${content.body}`.trim()).sort()
const decisions = async (id: string) =>
  world.store.decisions.of(world.tenant, { id, toAudience: false, user: 'ada' })

/** Returns the step of a notification without an item, to be delivered several times. */
const stepOf = (name: string, more: Partial<Step> = {}) => {
  const now = Date.now()
  const id = derivedUuid7(now, name)
  const about = { notification: id, type: 'monitor.down', priority: 'normal' as const }
  const { subject, data } = stepMessage({
    ...{ ...about, tenant: world.tenant, user: 'ada', version: 1, revision: 0, index: 0, toAudience: false },
    content: { ...about, id, data: { name }, createdAt: new Date(now).toISOString() },
    ...{ at: now, expiresAt: now + 3_600_000, plan: [{ channel: 'email', when: 'always', after: 0 }] },
    ...more,
  })
  return { id, deliver: (copy: string) => world.raw(subject, data, `${name} ${copy}`) }
}

describe('a throttle of a type', () => {
  test('lets three of fifty leave, published to two dispatchers at once', async () => {
    await limited({ limit: 3, window: 3_600 })
    const second = await startDispatcher(world, {
      ...{ unknownTypes: 'accept', insecureLinks: 'accept', retentionMs: 86_400_000 },
    })
    try {
      const ids = await sendAll(50)
      const all = await settled(ids)
      expect(all.filter((state) => state === 'email sent')).toHaveLength(3)
      expect(all.filter((state) => state === 'email skipped throttled')).toHaveLength(47)
      expect(world.mail.got).toHaveLength(3)
      expect(await world.titles('ada')).toHaveLength(50)
      // Decisions are counted after they are recorded.
      await until(async () =>
        expect(await world.metrics.registry.metrics()).toMatch(
          /carillon_decisions_total\{stage="throttle",outcome="skip",reason="throttled"\} 47/,
        ),
      )
    } finally {
      await second.stop()
    }
  })

  test('tells why it left a message out, and until when', async () => {
    await limited({ limit: 1, window: 3_600 })
    expect(await settled([await send('a')])).toEqual(['email sent'])
    const id = await send('b')
    expect(await settled([id])).toEqual(['email skipped throttled'])
    expect(await decisions(id)).toMatchObject([
      {
        ...{ stage: 'throttle', outcome: 'skip', by: 'type', path: 'throttle', reason: 'throttled', step: 0 },
        detail: expect.stringMatching(/^1 of 1 until 20\d\d-/),
      },
    ])
  })

  test('counts each user, channel, context and key apart', async () => {
    await limited(
      { limit: 1, window: 3_600, key: '{{ data.name }}{{ user.name }}' },
      { plan: [step('email'), step('sms')] },
    )
    const both = 'email sent, sms sent'
    expect(await settled([await send('a')])).toEqual([both])
    expect(await settled([await send('b')])).toEqual([both])
    expect(await settled([await send('a', { context: 'team-1' })])).toEqual([both])
    const toBob = await send('a', { to: 'bob' })
    await until(async () => expect((await states(toBob, 'bob')).sort()).toEqual(['email sent', 'sms sent']))
    expect(await settled([await send('a')])).toEqual(['email skipped throttled, sms skipped throttled'])
  })

  test('holds until a date in data', async () => {
    await limited({ limit: 1, until: 'data.resetAt' })
    const at = (ms: number) => ({ data: { name: 'a', resetAt: new Date(Date.now() + ms).toISOString() } })
    const one = async (more: object) => (await settled([await send('a', more)]))[0]
    expect(await one(at(-1_000))).toBe('email sent')
    expect(await one(at(1_500))).toBe('email sent')
    expect(await one(at(3_600_000))).toBe('email skipped throttled')
    expect(await one({})).toBe('email sent')
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    expect(await one(at(3_600_000))).toBe('email sent')
    expect(await one(at(3_600_000))).toBe('email skipped throttled')
  })

  test('moves no later step', async () => {
    const plan = [step('email'), step('sms', 'failed')]
    await limited({ limit: 1, window: 3_600 }, { plan })
    await settled([await send('a')])
    expect(await settled([await send('b')])).toEqual(['email skipped throttled'])
    await world.quiet()
    expect(world.sms.got).toEqual([])
  })

  test('is passed over by a critical type', async () => {
    await limited({ limit: 1, window: 3_600 }, { critical: true })
    expect(await settled([await send('a'), await send('b')])).toEqual(['email sent', 'email sent'])
  })

  test('counts a retried or redelivered message once', async () => {
    await limited({ limit: 2, window: 3_600 })
    world.mail.say((_, call) =>
      call === 1 ? { outcome: 'retry', reason: 'busy', detail: 'later' } : { outcome: 'sent' },
    )
    const { id, deliver } = stepOf('a')
    for (const copy of ['first', 'second', 'third']) await deliver(copy)
    await until(async () => expect(await states(id)).toEqual(['email sent']))
    await deliver('fourth')
    expect(await settled([await send('b')])).toEqual(['email sent'])
    expect(await settled([await send('c')])).toEqual(['email skipped throttled'])
  })

  test('gives the slot of a message back that reached nobody', async () => {
    await limited({ limit: 1, window: 3_600 })
    world.mail.say(() => ({ outcome: 'refused', reason: 'rejected', detail: 'no' }))
    expect(await settled([await send('a')])).toEqual(['email failed rejected'])
    world.mail.say(() => ({ outcome: 'sent' }))
    expect(await settled([await send('b'), await send('c')])).toEqual(
      expect.arrayContaining(['email sent', 'email skipped throttled']),
    )
  })

  test('counts a digest as one message', async () => {
    await limited({ limit: 1, window: 3_600 }, { digest: { window: 1 } })
    const ids = await sendAll(10)
    await until(() => expect(told()).toEqual([expect.stringMatching(/^ada 10: /)]))
    expect(await settled(ids, ([state]) => state === 'email sent')).toHaveLength(10)
    const more = await sendAll(2)
    expect(await settled(more, ([state]) => state?.startsWith('email skipped') ?? false)).toEqual(
      more.map(() => 'email skipped throttled'),
    )
    expect(world.mail.got).toHaveLength(1)
  })

  test('counts a summary for a type of the tenant that renders summaries, and its only message for its own type', async () => {
    await limited({ limit: 5, window: 3_600 })
    await limited({ limit: 1, window: 3_600 }, { content: { title: 'Summary' } }, 'carillon.digest')
    /** Sends some messages that wait together for a moment, and returns what became of them. */
    const together = async (...names: string[]) => {
      const value = new Date(Date.now() + 1_000).toISOString()
      const changes = [{ path: '/snoozedUntil', value }]
      await world.store.preferences.change(world.tenant, 'ada', { changes, via: 'app', by: 'ada' })
      const ids = await Promise.all(names.map((name) => send(name)))
      return new Set(await settled(ids, (all) => / (sent|skipped)/.test(all[0] ?? '')))
    }
    expect(await together('a', 'b')).toEqual(new Set(['email sent']))
    expect(await together('c')).toEqual(new Set(['email sent']))
    expect(await together('d', 'e')).toEqual(new Set(['email skipped throttled']))
    expect(world.mail.got.map(({ content }) => content.subject)).toEqual(['Summary', 'c is down'])
  })
})

describe('a throttle whose excess joins the digest', () => {
  test('collects it, though the first of a digest is let through', async () => {
    await limited(orDigest({ limit: 1, window: 1 }), {
      digest: { key: '{{ data.host }}', window: 1, first: 'now' },
    })
    const of = (host: string) => ({ data: { name: host, host } })
    expect(await settled([await send('', of('a'))])).toEqual(['email sent'])
    const id = await send('', of('b'))
    await until(async () => expect(await states(id)).toEqual(['email queued throttled']))
    expect(await decisions(id)).toMatchObject([
      {
        ...{ stage: 'throttle', outcome: 'join', by: 'type', path: 'throttle.then', reason: 'throttled' },
        detail: expect.stringMatching(/^digest /),
      },
    ])
    await until(() => expect(told()).toEqual(['ada 1: a', 'ada 1: b']))
    await until(async () => expect(await states(id)).toEqual(['email sent']))
  })

  test('keeps a redelivered message there, though a slot is free by then', async () => {
    await limited(orDigest({ limit: 1, window: 1 }), { digest: { window: 3_600 } })
    const first = stepOf('a', { held: 1 })
    await first.deliver('once')
    await until(async () => expect(await states(first.id)).toEqual(['email sent']))
    const second = stepOf('b', { held: 1 })
    await second.deliver('once')
    await until(async () => expect(await states(second.id)).toEqual(['email queued throttled']))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await second.deliver('again')
    await world.quiet()
    const third = stepOf('c', { held: 1 })
    await third.deliver('once')
    await until(async () => expect(await states(third.id)).toEqual(['email sent']))
    expect(await states(second.id)).toEqual(['email queued throttled'])
    expect(world.mail.got.map(({ notification }) => notification)).toEqual([first.id, third.id])
    const [open] = await world.store.digests.open(world.tenant, ['ada'])
    expect(await world.store.digests.members(world.tenant, open!)).toHaveLength(1)
  })

  test('loses and doubles nothing while digests are throttled too', async () => {
    await limited(orDigest({ limit: 1, window: 3 }), { digest: { window: 1 } })
    const ids: string[] = []
    for (const batch of [2, 3, 1]) {
      ids.push(...(await sendAll(batch)))
      await new Promise((resolve) => setTimeout(resolve, 1_100))
    }
    await until(async () => {
      for (const id of ids) expect(await states(id)).toEqual(['email sent'])
    })
    const told = (await Promise.all(ids.map(decisions))).flat()
    const digests = new Set(told.flatMap(({ detail = '' }) => /^digest (.+)/.exec(detail)?.[1] ?? []))
    for (const id of digests) expect(await states(id)).toEqual(['email sent'])
    const names = world.mail.got.flatMap(
      ({ content }) => content.body?.split(': ')[1]?.trim().split(' ') ?? [],
    )
    expect(names).toHaveLength(6)
    expect(world.mail.got.length).toBeLessThan(4)
  })
})
