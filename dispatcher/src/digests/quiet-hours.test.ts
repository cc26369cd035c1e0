import { defaultsMessage } from '@carillon/core/preferences/times-message'
import { MEMBERS_MAX } from '@carillon/core/store/ports/digests'
import type { NotificationTypeInput, PreferenceValue } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { fakeTime, untilTimed } from '../testing/timed.ts'

const open = async (start: string) => {
  const time = fakeTime(start)
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const hook = scripted('hook', ['webhook'], { needs: 'device' })
  const world = await openWorld({
    providers: providersOf(sms, hook),
    clock: time.clock,
    retentionMs: 30 * 86_400_000,
  })
  await world.account('text')
  await world.account('hook')
  await world.person('ada', { phone: '+351911111111', timezone: 'Europe/Lisbon' })
  return { ...world, ...time, sms, hook }
}

let world: World & Awaited<ReturnType<typeof open>>
afterEach(async () => {
  await world.close()
  vi.useRealTimers()
})

const until = <T>(check: () => Promise<T> | T) => untilTimed(world.setTime, check)
const choose = async (value: Record<string, PreferenceValue | null>, context?: string) => {
  const changes = Object.entries(value).map(([path, value]) => ({
    path,
    value,
    ...(context ? { context } : {}),
  }))
  await world.store.preferences.change(world.tenant, 'ada', { changes, via: 'app', by: 'ada' })
}
const type = (key: string, more: NotificationTypeInput = {}) =>
  world.store.types.put(world.tenant, { key, plan: [{ channel: 'sms', when: 'unread', after: 0 }], ...more })

const states = async (id: string) =>
  (await world.ledger(id, 'ada')).map(({ channel, state, reason }) =>
    [channel, state, reason ?? ''].join(' ').trim(),
  )

let sent = 0
const notify = async (title: string, more: object = {}): Promise<string> => {
  const id = `n-${++sent}`
  world.setTime(Date.now() + 1)
  await world.send({ id, to: 'ada', type: 'note', title, ...more })
  await until(async () => expect(await states(id)).not.toEqual([]))
  return id
}
const texts = () =>
  world.sms.got.map(({ content }) => [content.title, content.body].filter(Boolean).join(' | '))
const at = async (instant: string) => {
  world.setTime(instant)
  await world.quiet()
}
const sentAt = async (instant: string, expected: string[]) => {
  world.sms.got.length = 0
  await at(instant)
  await until(() => expect(texts()).toEqual(expected))
}
const NIGHT: Record<string, PreferenceValue> = {
  '/quietHours/days/mon': [['22:00', '07:00']],
  '/quietHours/days/tue': [['22:00', '07:00']],
}

describe('quiet hours from 22:00 to 07:00 in Lisbon', () => {
  // A Monday in summer: Lisbon is at UTC+1.
  beforeEach(async () => {
    world = await open('2027-06-07T20:59:00Z')
    await type('note')
    await choose(NIGHT)
  })

  test('hold what is sent in them until they end, as one message', async () => {
    await notify('at 21:59')
    await until(() => expect(texts()).toEqual(['at 21:59']))
    const ids: string[] = []
    for (const [instant, title] of [
      ['2027-06-07T21:00:00Z', 'at 22:00'],
      ['2027-06-07T22:30:00Z', 'at 23:30'],
      ['2027-06-07T23:30:00Z', 'at 00:30'],
      ['2027-06-08T05:59:00Z', 'at 06:59'],
    ] as const) {
      await at(instant)
      ids.push(await notify(title))
    }
    await until(async () => expect(await states(ids[3]!)).toEqual(['sms queued quiet_hours']))
    expect(await world.titles('ada')).toHaveLength(5)
    await sentAt('2027-06-08T06:00:00Z', [
      expect.stringMatching(/^4 new notifications \| at 06:59\nat 00:30\nat 23:30\nat 22:00/),
    ])
    const summary = world.sms.got[0]!.notification
    for (const id of ids) await until(async () => expect(await states(id)).toEqual(['sms sent']))
    const { notifications } = await world.store.notifications.list(world.tenant, { absent: 'ada', limit: 9 })
    expect(notifications).toMatchObject([{ id: summary, type: 'carillon.digest' }])
    const after = await notify('at 07:00')
    await until(async () => expect(await states(after)).toEqual(['sms sent']))
    const decisions = await world.store.decisions.of(world.tenant, {
      id: ids[0]!,
      toAudience: false,
      user: 'ada',
    })
    expect(decisions).toMatchObject([
      {
        stage: 'quiet_hours',
        outcome: 'wait',
        by: 'user',
        path: 'quietHours',
        reason: 'quiet_hours',
        until: Date.parse('2027-06-08T06:00:00Z'),
        detail: `window ${summary}`,
      },
    ])
  })

  test('let one message alone leave as itself', async () => {
    await at('2027-06-07T21:00:00Z')
    await notify('alone')
    await sentAt('2027-06-08T06:00:00Z', ['alone'])
  })

  test('let what is left leave as itself after the others were read', async () => {
    await at('2027-06-07T21:00:00Z')
    await notify('first')
    const { items } = await world.store.inbox.page(
      { tenant: world.tenant, user: 'ada' },
      { status: 'active', limit: 9 },
    )
    await notify('second')
    await world.store.inbox.change(
      { tenant: world.tenant, user: 'ada' },
      items.map(({ id }) => id),
      () => ({ readAt: new Date().toISOString() }),
    )
    await sentAt('2027-06-08T06:00:00Z', ['second'])
  })

  test('send a critical type at once, and a transactional one as itself after them', async () => {
    await type('alarm', { critical: true })
    await type('receipt', { optOut: false })
    await at('2027-06-07T21:00:00Z')
    await notify('fire', { type: 'alarm' })
    await until(() => expect(texts()).toEqual(['fire']))
    await notify('one')
    await notify('paid', { type: 'receipt' })
    await notify('two')
    world.sms.got.length = 0
    await at('2027-06-08T06:00:00Z')
    await until(() => expect(texts().sort()).toEqual([expect.stringMatching(/^2 new notifications/), 'paid']))
  })

  test('hold retries and later steps', async () => {
    world.sms.say(() => ({ outcome: 'retry', reason: 'down', detail: 'try later' }))
    const id = await notify('before')
    await until(async () => expect(await states(id)).toEqual(['sms queued down']))
    world.sms.say(() => ({ outcome: 'sent', id: 'x' }))
    await at('2027-06-07T21:01:00Z')
    await until(async () => expect(await states(id)).toEqual(['sms queued quiet_hours']))
    await sentAt('2027-06-08T06:00:00Z', ['before'])
  })

  test('that change move what waits in them', async () => {
    await at('2027-06-07T21:00:00Z')
    await notify('one')
    await notify('two')
    await choose({ '/quietHours/days/mon': [['22:00', '06:00']] })
    await world.rescheduleWindows('ada')
    await world.quiet()
    await sentAt('2027-06-08T05:00:00Z', [expect.stringMatching(/^2 new notifications/)])

    await at('2027-06-08T21:00:00Z')
    await notify('three')
    await choose({ '/quietHours': null })
    world.sms.got.length = 0
    await world.rescheduleWindows('ada')
    await until(() => expect(texts()).toEqual(['three']))
  })

  test('move with a time zone that comes with a notification, in both directions', async () => {
    await at('2027-06-07T22:30:00Z')
    await notify('one')
    await notify('two', { to: { user: 'ada', timezone: 'Europe/Warsaw' } })
    const end = async () =>
      (await world.store.digests.open(world.tenant, ['ada'])).map(({ closesAt }) => closesAt)
    await at(new Date(Date.now() + 2_000).toISOString())
    await until(async () => expect(await end()).toEqual([Date.parse('2027-06-08T05:00:00Z')]))
    await notify('three', { to: { user: 'ada', timezone: 'Atlantic/Azores' } })
    await at(new Date(Date.now() + 2_000).toISOString())
    await until(async () => expect(await end()).toEqual([Date.parse('2027-06-08T07:00:00Z')]))
    await notify('four', { to: { user: 'ada', timezone: 'Europe/Warsaw' } })
    await at(new Date(Date.now() + 2_000).toISOString())
    await until(async () => expect(await end()).toEqual([Date.parse('2027-06-08T05:00:00Z')]))
    await sentAt('2027-06-08T05:00:00Z', [expect.stringMatching(/^4 new notifications/)])
  })

  test('of the tenant or a context move when they change, in both directions', async () => {
    const quiet = (...pair: [string, string]) => ({
      defaults: { quietHours: { days: { mon: [pair] } } },
    })
    await choose({ '/quietHours': null })
    await world.store.tenants.putSettings(world.tenant, quiet('22:00', '07:00'))
    await world.store.contexts.put(world.tenant, 'org', quiet('22:00', '05:00'))
    await at('2027-06-07T21:00:00Z')
    await notify('one')
    await notify('in org', { context: 'org' })
    const ends = async () =>
      (await world.store.digests.open(world.tenant, ['ada'])).map(({ closesAt }) => closesAt)
    const change = async (context?: string) => {
      await world.stream.publish([defaultsMessage(world.tenant, context, { now: Date.now() - 2_000 })])
      await world.quiet()
    }
    await world.store.tenants.putSettings(world.tenant, quiet('22:00', '06:00'))
    await change()
    await until(async () =>
      expect((await ends()).sort()).toEqual(['2027-06-08T04:00:00Z', '2027-06-08T05:00:00Z'].map(Date.parse)),
    )
    await world.store.contexts.put(world.tenant, 'org', quiet('22:00', '08:00'))
    await change('org')
    await until(async () =>
      expect((await ends()).sort()).toEqual(['2027-06-08T05:00:00Z', '2027-06-08T07:00:00Z'].map(Date.parse)),
    )
    await sentAt('2027-06-08T05:00:00Z', ['one'])
    await sentAt('2027-06-08T07:00:00Z', ['in org'])
  })

  test('hold more messages than a window has members: what exceeds it leaves as another one', async () => {
    await at('2027-06-07T21:00:00Z')
    await notify('first')
    const { digests } = world.store
    const [window] = await digests.open(world.tenant, ['ada'])
    const [member] = await digests.members(world.tenant, window!)
    const filling = Array.from({ length: MEMBERS_MAX - 2 }, (_, index) => ({
      ...{ user: 'ada', window: window!.window, member: `m${index}`, step: member!.step, at: member!.at },
      ...{ until: window!.closesAt + 86_400_000, open: { ...window!, about: window!.about } },
    }))
    await digests.join(world.tenant, filling)
    await notify('the last that fits')
    await until(async () => expect(await digests.open(world.tenant, ['ada'])).toEqual([]))
    await notify('next')
    await notify('after it')
    expect(await digests.open(world.tenant, ['ada'])).toMatchObject([{ size: 2, closesAt: window!.closesAt }])
    world.sms.got.length = 0
    await at('2027-06-08T06:00:00Z')
    await until(() =>
      expect(texts().sort()).toEqual([
        expect.stringMatching(/^2 new notifications \| after it\nnext/),
        // Those that fill the window are steps of the first notification.
        expect.stringMatching(/^2 new notifications \| the last that fits\nfirst/),
      ]),
    )
  })

  test('that were made longer without a word are asked again at their end', async () => {
    await at('2027-06-07T21:00:00Z')
    await notify('one')
    await choose({ '/quietHours/days/mon': [['22:00', '09:00']] })
    await sentAt('2027-06-08T06:00:00Z', [])
    await sentAt('2027-06-08T08:00:00Z', ['one'])
  })
})

test.each([1, 2])('an erasure ends %i messages that wait for the end of quiet hours', async (count) => {
  world = await open('2027-06-07T22:00:00Z')
  await type('note')
  await choose(NIGHT)
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push(await notify(`note ${n}`, n === 0 ? { inbox: 'none' } : {}))
  await world.store.users.remove(world.tenant, 'ada')
  await sentAt('2027-06-08T06:00:00Z', [])
  for (const id of ids) await until(async () => expect(await states(id)).toEqual(['sms skipped erased']))
})

test('a snooze holds what is not critical, and quiet hours that follow continue it', async () => {
  world = await open('2027-06-07T12:00:00Z')
  await type('note')
  await choose({ ...NIGHT, '/snoozedUntil': '2027-06-07T21:30:00Z' })
  await notify('one')
  await notify('two')
  await sentAt('2027-06-07T21:30:00Z', [])
  await sentAt('2027-06-08T06:00:00Z', [expect.stringMatching(/^2 new notifications/)])
})

test('quiet hours from Friday to Monday are one wait, and one summary', async () => {
  world = await open('2027-06-11T21:30:00Z')
  await type('note')
  await choose({
    '/quietHours/days/fri': [['22:00', '07:00']],
    '/quietHours/days/sat': [['00:00', '24:00']],
    '/quietHours/days/sun': [['00:00', '24:00']],
    '/quietHours/days/mon': [['00:00', '07:00']],
  })
  await notify('on Friday')
  await sentAt('2027-06-12T10:00:00Z', [])
  await notify('on Saturday')
  await sentAt('2027-06-14T06:00:00Z', [expect.stringMatching(/^2 new notifications/)])
})

test('a week that is quiet throughout lets what waits leave on Monday', async () => {
  world = await open('2027-06-09T12:00:00Z')
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
  await choose(Object.fromEntries(days.map((day) => [`/quietHours/days/${day}`, [['00:00', '24:00']]])))
  await type('note')
  await notify('a')
  await at('2027-06-12T12:00:00Z')
  await notify('b')
  await sentAt('2027-06-13T22:59:59Z', [])
  await sentAt('2027-06-13T23:00:01Z', ['2 new notifications | b\na'])
})

describe('a frequency', () => {
  test('of daily collects everything of a category until the hour of the user, in their zone', async () => {
    world = await open('2027-06-07T12:00:00Z')
    for (const key of ['a', 'b', 'c', 'd']) await type(key, { category: 'orders' })
    await type('e', { category: 'orders', digest: { key: '{{ data.x }}', window: 60 } })
    await type('other')
    await choose({ '/categories/orders/sms': 'daily', '/digest/hour': 8 })
    for (const key of ['a', 'b', 'c', 'd', 'e']) await notify(`of ${key}`, { type: key, data: { x: key } })
    await notify('at once', { type: 'other' })
    await until(() => expect(texts()).toEqual(['at once']))
    await sentAt('2027-06-08T06:59:00Z', [])
    await sentAt('2027-06-08T07:00:00Z', [expect.stringMatching(/^5 new notifications \| of e\nof d/)])
  })

  test('is rendered by the type if all of it is of one with a digest', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('like', { digest: { window: 60 }, content: { title: '{{ total }} likes' } })
    await choose({ '/types/like/sms': 'weekly', '/digest/day': 'wed' })
    await notify('', { type: 'like' })
    await notify('', { type: 'like' })
    await sentAt('2027-06-09T08:00:00Z', ['2 likes'])
  })

  test('of immediate passes over the digest of the type', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('like', { digest: { window: 60 } })
    await choose({ '/types/like/sms': 'immediate' })
    await notify('now', { type: 'like' })
    await until(() => expect(texts()).toEqual(['now']))
  })

  test('that is switched to true lets what waits leave soon, and keeps what still waits for it', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('note')
    await type('like')
    await choose({ '/channels/sms': 'daily', '/digest/hour': 8 })
    const ids = [await notify('first note'), await notify('second note')]
    const like = await notify('like', { type: 'like' })
    await choose({ '/types/note/sms': true })
    await world.rescheduleWindows('ada')
    await until(() => expect(texts().sort()).toEqual(['first note', 'second note']))
    for (const id of ids) await until(async () => expect(await states(id)).toEqual(['sms sent']))
    expect(await states(like)).toEqual(['sms queued digest'])
    await world.rescheduleWindows('ada')
    await world.quiet()
    await sentAt('2027-06-08T07:00:00Z', ['1 new notification | like'])
    expect(await world.store.digests.open(world.tenant, ['ada'])).toEqual([])
  })

  test('of immediate lets what waits in a digest of the type leave soon', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('like', { digest: { window: 86_400 } })
    await notify('now', { type: 'like' })
    await choose({ '/types/like/sms': 'immediate' })
    await world.rescheduleWindows('ada')
    await until(() => expect(texts()).toEqual(['now']))
  })

  test('that changes in the defaults of the tenant lets what waits leave soon', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('note')
    await world.store.tenants.putSettings(world.tenant, { defaults: { channels: { sms: 'weekly' } } })
    await notify('now')
    await world.store.tenants.putSettings(world.tenant, {})
    await world.stream.publish([defaultsMessage(world.tenant, undefined, { now: Date.now() - 2_000 })])
    await until(() => expect(texts()).toEqual(['now']))
  })

  test('that turns to off leaves out what waits', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('note')
    await choose({ '/types/note/sms': 'hourly' })
    const id = await notify('never')
    await choose({ '/types/note/sms': false })
    await sentAt('2027-06-07T13:00:00Z', [])
    await until(async () => expect(await states(id)).toEqual(['sms skipped opted_out']))
  })

  test('of a digest in quiet hours joins their summary', async () => {
    world = await open('2027-06-07T12:00:00Z')
    await type('note')
    await type('like')
    await choose({ ...NIGHT, '/types/like/sms': 'daily', '/digest/hour': 23 })
    await notify('first like', { type: 'like' })
    await notify('second like', { type: 'like' })
    await at('2027-06-07T22:30:00Z')
    await notify('note')
    world.sms.got.length = 0
    await sentAt('2027-06-08T06:00:00Z', [expect.stringMatching(/^3 new notifications/)])
  })
})
