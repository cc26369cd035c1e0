/**
 * The cases seen in the field: what people report about notification systems, each played on a dispatcher. They run in several
 * time zones of the process, see `vitest.config.ts`.
 * @module
 */
import type { Channel, DigestRule, NotificationTypeInput, PreferenceValue } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startDispatcher } from '../dispatcher.ts'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'

const CHANNELS = ['push', 'email'] as const satisfies Channel[]

/** Opens a world at an instant. `left` lists what was sent: when, to whom, of which type, and of how many notifications it tells. */
const open = async (start: string) => {
  const time = fakeTime(start)
  const given = [scripted('push', ['push'], { needs: 'phone' }), scripted('email', ['email'])]
  const left: string[] = []
  for (const { say } of given)
    say(({ user, content }) => {
      const [total] = /\d+/.exec(content.body ?? content.text ?? '') ?? []
      left.push(`${new Date().toISOString().slice(0, 16)} ${user} ${total}`)
      return { outcome: 'sent', id: `${left.length}` }
    })
  const world = await openWorld({
    ...{ providers: providersOf(...given), clock: time.clock, retentionMs: 90 * 86_400_000, rates: {} },
  })
  for (const channel of CHANNELS) await world.account(channel)
  return { ...world, ...time, left }
}

let world: World & Awaited<ReturnType<typeof open>>
afterEach(async () => {
  await world.close()
  vi.useRealTimers()
})

const person = (user: string, timezone: string) =>
  world.person(user, { phone: '+351911111111', email: `${user}@example.org`, timezone })
const choose = (user: string, choices: Record<string, PreferenceValue>) => {
  const changes = Object.entries(choices).map(([path, value]) => ({ path, value }))
  return world.store.preferences.change(world.tenant, user, { changes, via: 'app', by: user })
}
/** Defines a type, and the type of summaries, whose texts are the number of notifications that they tell of. */
const type = async (key: string, channel: Channel, more: NotificationTypeInput = {}) => {
  const content = { title: 'News', body: '{{ total }} in all' }
  await world.store.types.put(world.tenant, { key: 'carillon.digest', content })
  const plan = [{ channel, when: 'unread', after: 0 } as const]
  await world.store.types.put(world.tenant, { key, content, plan, ...more })
}

/** Lets everything happen that is due until an instant, each at its time. */
const until = async (instant: string) => {
  const end = Date.parse(instant)
  for (;;) {
    await world.quiet()
    const due = world.dueAt() ?? Number.POSITIVE_INFINITY
    if (due > end) break
    world.setTime(Math.max(due, Date.now() + 1))
  }
  world.setTime(end)
}
let count = 0
const send = (to: string, key: string, data: Record<string, string> = {}) =>
  world.send({ id: `f-${++count}`, to, type: key, data })
const sendAt = async (instant: string, to: string, key: string) => {
  await until(instant)
  await send(to, key)
}

const NIGHT: [string, string] = ['22:00', '07:00']
const WHOLE_DAY: [string, string] = ['00:00', '24:00']
const EVERY_NIGHT = Object.fromEntries(
  ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [`/quietHours/days/${day}`, [NIGHT]]),
)

test('quiet hours from 22:00 to 07:00 in Lisbon: four pushes in them leave at 07:00 as one, those at 21:59 and 07:00 at once', async () => {
  // Lisbon is at UTC+1.
  world = await open('2027-06-07T20:00:00Z')
  await person('ada', 'Europe/Lisbon')
  await choose('ada', EVERY_NIGHT)
  await type('note', 'push')
  for (const instant of [
    ...['2027-06-07T20:59:00Z', '2027-06-07T21:00:00Z', '2027-06-07T22:30:00Z', '2027-06-07T23:30:00Z'],
    ...['2027-06-08T05:59:00Z', '2027-06-08T06:00:00Z'],
  ])
    await sendAt(instant, 'ada', 'note')
  await until('2027-06-08T12:00:00Z')
  expect(world.left).toEqual(['2027-06-07T20:59 ada 1', '2027-06-08T06:00 ada 4', '2027-06-08T06:00 ada 1'])
})

test('keys of a digest: abc three times and def twice for ada, abc once for bob, are three digests', async () => {
  world = await open('2027-06-07T12:00:00Z')
  await person('ada', 'UTC')
  await person('bob', 'UTC')
  await type('like', 'email', { digest: { key: '{{ data.key }}', window: 3_600 } })
  for (const key of ['abc', 'def', 'abc', 'def', 'abc']) await send('ada', 'like', { key })
  await send('bob', 'like', { key: 'abc' })
  await until('2027-06-07T14:00:00Z')
  expect(world.left.sort()).toEqual([
    '2027-06-07T13:00 ada 2',
    '2027-06-07T13:00 ada 3',
    '2027-06-07T13:00 bob 1',
  ])
})

test.each([
  [5, ['2027-06-07T12:00 ada 1', '2027-06-07T13:00 ada 5']],
  [0, ['2027-06-07T12:00 ada 1']],
])('the first item at once, then %i within the window', async (later, expected) => {
  world = await open('2027-06-07T12:00:00Z')
  await person('ada', 'UTC')
  await type('like', 'email', { digest: { window: 3_600, first: 'now' } })
  await send('ada', 'like')
  await until('2027-06-07T12:10:00Z')
  for (let index = 0; index < later; index++) await send('ada', 'like')
  await until('2027-06-07T14:00:00Z')
  expect(world.left).toEqual(expected)
})

describe('a digest daily at 08:00', () => {
  const daily = async (zone: string, start: string, end: string) => {
    world = await open(start)
    await person('ada', zone)
    await choose('ada', { '/types/note/email': 'daily', '/digest/hour': 8 })
    await type('note', 'email')
    await send('ada', 'note')
    await send('ada', 'note')
    await until(end)
    return world.left
  }
  test.each([
    ['Asia/Kolkata', '2027-06-08T02:30 ada 2'],
    ['Asia/Kathmandu', '2027-06-08T02:15 ada 2'],
    ['Pacific/Apia', '2027-06-07T19:00 ada 2'],
  ])('in %s', async (zone, expected) => {
    expect(await daily(zone, '2027-06-07T12:00:00Z', '2027-06-08T12:00:00Z')).toEqual([expected])
  })

  test.each([
    ['starts', '2027-03-14', 'T12:00 ada 2'],
    ['ends', '2027-11-07', 'T13:00 ada 2'],
  ])('in New York, on the day on which daylight saving time %s', async (_, date, expected) => {
    const left = await daily('America/New_York', `${date}T05:30:00Z`, `${date}T23:00:00Z`)
    expect(left).toEqual([`${date}${expected}`])
  })
})

describe('a throttle of three an hour', () => {
  const throttle = { limit: 3, window: 3_600 }
  test('under fifty messages to two dispatchers: exactly three e-mails, fifty inbox items', async () => {
    world = await open('2027-06-07T12:00:00Z')
    const second = await startDispatcher(world, {
      ...{ unknownTypes: 'accept', insecureLinks: 'accept', retentionMs: 86_400_000 },
    })
    try {
      await person('ada', 'UTC')
      await type('alarm', 'email', { throttle })
      await Promise.all(Array.from({ length: 50 }, () => send('ada', 'alarm')))
      await until('2027-06-07T12:30:00Z')
      expect(world.left).toHaveLength(3)
      expect(await world.titles('ada')).toHaveLength(50)
    } finally {
      await second.stop()
    }
  })

  test('and an hourly digest: ten events are one e-mail of ten', async () => {
    world = await open('2027-06-07T12:10:00Z')
    await person('ada', 'UTC')
    const digest: DigestRule = { window: 'hourly' }
    await type('alarm', 'email', { throttle, digest })
    for (let event = 0; event < 10; event++) await send('ada', 'alarm')
    await until('2027-06-07T15:00:00Z')
    expect(world.left).toEqual(['2027-06-07T13:00 ada 10'])
  })
})

test('a category set to daily, with five types of which one has a keyed digest, is one e-mail at 08:00', async () => {
  world = await open('2027-06-07T12:00:00Z')
  await person('ada', 'Europe/Lisbon')
  await choose('ada', { '/categories/orders/email': 'daily', '/digest/hour': 8 })
  const keys = ['paid', 'packed', 'shipped', 'arrived', 'rated']
  for (const key of keys) {
    const digest: DigestRule = { key: '{{ data.key }}', window: 60 }
    await type(key, 'email', { category: 'orders', ...(key === 'rated' ? { digest } : {}) })
    await send('ada', key, { key: 'a' })
  }
  await send('ada', 'rated', { key: 'b' })
  await until('2027-06-09T12:00:00Z')
  expect(world.left).toEqual(['2027-06-08T07:00 ada 6'])
})

test('quiet from Friday 22:00 to Monday 07:00, as nightly windows and two whole days, is one wait and one summary', async () => {
  // 2027-06-11 is a Friday.
  world = await open('2027-06-11T20:00:00Z')
  await person('ada', 'UTC')
  await choose('ada', {
    ...EVERY_NIGHT,
    '/quietHours/days/sat': [WHOLE_DAY, NIGHT],
    '/quietHours/days/sun': [WHOLE_DAY, NIGHT],
  })
  await type('note', 'push')
  for (const instant of ['2027-06-11T22:00:00Z', '2027-06-12T07:30:00Z', '2027-06-13T12:00:00Z'])
    await sendAt(instant, 'ada', 'note')
  await world.quiet()
  expect(await world.store.digests.open(world.tenant, ['ada'])).toMatchObject([
    { closesAt: Date.parse('2027-06-14T07:00:00Z') },
  ])
  await sendAt('2027-06-14T06:59:00Z', 'ada', 'note')
  await until('2027-06-14T12:00:00Z')
  expect(world.left).toEqual(['2027-06-14T07:00 ada 4'])
})
