import { afterEach, describe, expect, test } from 'vitest'
import { type Clocked, openClocked } from './testing/clocked.ts'

const at = (text: string) => Date.parse(`${text}Z`)
const NINE = { local: '2026-12-01T09:00' }
const EARLIEST = at('2026-11-30T19:00:00')

const ZONES = [
  ['Pacific/Kiritimati', '2026-11-30T19:00:00'],
  ['Pacific/Apia', '2026-11-30T20:00:00'],
  ['Pacific/Auckland', '2026-11-30T20:00:00'],
  ['Pacific/Chatham', '2026-11-30T19:15:00'],
  ['Australia/Sydney', '2026-11-30T22:00:00'],
  ['Australia/Lord_Howe', '2026-11-30T22:00:00'],
  ['Australia/Adelaide', '2026-11-30T22:30:00'],
  ['Asia/Tokyo', '2026-12-01T00:00:00'],
  ['Australia/Eucla', '2026-12-01T00:15:00'],
  ['Asia/Shanghai', '2026-12-01T01:00:00'],
  ['Asia/Bangkok', '2026-12-01T02:00:00'],
  ['Asia/Yangon', '2026-12-01T02:30:00'],
  ['Asia/Dhaka', '2026-12-01T03:00:00'],
  ['Asia/Kathmandu', '2026-12-01T03:15:00'],
  ['Asia/Kolkata', '2026-12-01T03:30:00'],
  ['Asia/Karachi', '2026-12-01T04:00:00'],
  ['Asia/Kabul', '2026-12-01T04:30:00'],
  ['Asia/Tehran', '2026-12-01T05:30:00'],
  ['Europe/Moscow', '2026-12-01T06:00:00'],
  ['Africa/Cairo', '2026-12-01T07:00:00'],
  ['Europe/Berlin', '2026-12-01T08:00:00'],
  ['Europe/Lisbon', '2026-12-01T09:00:00'],
  ['Atlantic/Azores', '2026-12-01T10:00:00'],
  ['America/Sao_Paulo', '2026-12-01T12:00:00'],
  ['America/St_Johns', '2026-12-01T12:30:00'],
  ['America/New_York', '2026-12-01T14:00:00'],
  ['America/Chicago', '2026-12-01T15:00:00'],
  ['America/Los_Angeles', '2026-12-01T17:00:00'],
  ['Pacific/Marquesas', '2026-12-01T18:30:00'],
  ['Pacific/Honolulu', '2026-12-01T19:00:00'],
] as const
const LAST = at('2026-12-01T21:00:00')

let world: Clocked
afterEach(() => world.close())

const person = (user: string, timezone: string) =>
  world.store.users.put(world.tenant, { id: user, profile: { timezone } })
const state = async (id = 'n') => {
  const record = await world.store.notifications.get(world.tenant, id)
  return record && [record.state, record.recipients]
}
const times = async (user: string) =>
  (await world.items(user)).map(({ arrivedAt }) => arrivedAt?.slice(0, 19))
const note = { id: 'n', type: 'x', title: 'Good morning', deliverAt: NINE }

const everyoneIn30Zones = async (count: number) => {
  const users = Array.from({ length: count }, (_, n) => `u${n}`)
  await world.store.users.merge(
    world.tenant,
    users.map((id, n) => ({ id, profile: { timezone: ZONES[n % ZONES.length]![0] } })),
  )
  return users
}

describe('1,000 recipients in 30 time zones', () => {
  test.each([
    ['named', (users: readonly string[]) => [...users]],
    ['a topic', () => ({ topic: 'all' })],
    ['everyone', () => ({ everyone: true as const })],
  ])('each get it at their nine o’clock: %s', async (_, to) => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    const users = await everyoneIn30Zones(1_000)
    await world.store.topics.add(world.tenant, 'all', users)
    await world.send({ ...note, to: to(users) })
    expect(await state()).toEqual(['scheduled', 0])
    await world.advance(EARLIEST - 1)
    expect(await state()).toEqual(['scheduled', 0])
    await world.advance(at('2026-12-01T09:00:00') - 1)
    // 21 zones are east of Lisbon; the first ten of them have one person more.
    expect(await state()).toEqual(['delivering', 10 * 34 + 11 * 33])
    await world.advance(at('2026-12-01T19:00:00') - 1)
    expect((await state())?.[0]).toBe('delivering')
    await world.advance(LAST)
    expect(await state()).toEqual(['delivered', 1_000])
    for (const [n, user] of users.entries()) expect(await times(user)).toEqual([ZONES[n % 30]![1]])
    expect(world.scheduled.size).toBe(0)
  })
})

test('31 of the 1,200 members of a topic live elsewhere, and the others use the zone of the tenant', async () => {
  world = await openClocked(at('2026-11-29T12:00:00'))
  await world.store.tenants.putSettings(world.tenant, { timezone: 'Europe/Lisbon' })
  const users = Array.from({ length: 1_200 }, (_, n) => `u${n}`)
  await world.store.topics.add(world.tenant, 'all', users)
  for (const user of users.slice(0, 31)) await person(user, 'America/New_York')
  await world.send({ ...note, to: { topic: 'all' } })
  await world.advance(at('2026-12-01T13:59:59'))
  expect(await state()).toEqual(['delivering', 1_169])
  await world.advance(LAST)
  expect(await state()).toEqual(['delivered', 1_200])
  expect([await times('u30'), await times('u31')]).toEqual([['2026-12-01T14:00:00'], ['2026-12-01T09:00:00']])
})

describe('a user who changes zone the evening before', () => {
  const movedTo = async (to: string, more: object = {}) => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    await person('ada', 'America/New_York')
    await world.send({ ...note, to: 'ada', ...more })
    await world.advance(at('2026-12-01T01:00:00'))
    expect(await state()).toEqual(['delivering', 0])
    expect(await world.reasons('n', 'ada')).toEqual(['audience wait scheduled 2026-12-01T14:00:00.000Z'])
    await person('ada', to)
    await world.advance(LAST)
  }

  test('to the west waits again', async () => {
    await movedTo('Pacific/Honolulu')
    expect(await times('ada')).toEqual(['2026-12-01T19:00:00'])
    expect(await world.reasons('n', 'ada')).toEqual(['audience wait scheduled 2026-12-01T19:00:00.000Z'])
    expect(await state()).toEqual(['delivered', 1])
  })

  test('to the east gets it when the time has come where they were', async () => {
    await movedTo('Europe/Lisbon')
    expect(await times('ada')).toEqual(['2026-12-01T14:00:00'])
    expect(await state()).toEqual(['delivered', 1])
  })

  test('to the east does not get it with `late: skip`', async () => {
    await movedTo('Europe/Lisbon', { late: 'skip' })
    expect(await times('ada')).toEqual([])
    expect(await world.reasons('n', 'ada')).toContain('audience end late')
    expect(await state()).toEqual(['delivered', 0])
  })

  test('before the time has come in UTC+14 is served in the new one', async () => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    await person('ada', 'America/New_York')
    await world.send({ ...note, to: 'ada' })
    await world.advance(EARLIEST - 1_000)
    await person('ada', 'Asia/Kathmandu')
    await world.advance(LAST)
    expect(await times('ada')).toEqual(['2026-12-01T03:15:00'])
  })
})

test('a time that has passed in some zones at acceptance is late there', async () => {
  world = await openClocked(at('2026-12-01T08:30:00'))
  await person('east', 'Asia/Tokyo')
  await person('west', 'Europe/Lisbon')
  await world.send({ ...note, to: ['east', 'west'], late: 'skip' })
  await world.send({ ...note, id: 'm', to: ['east', 'west'] })
  expect((await world.items('east')).map(({ notification }) => notification)).toEqual(['m'])
  expect(await world.reasons('n', 'east')).toEqual(['audience end late'])
  await world.advance(LAST)
  expect((await world.items('west')).map(({ notification }) => notification).sort()).toEqual(['m', 'n'])
})

test('an instant that passed before acceptance is late for everybody', async () => {
  world = await openClocked(at('2026-12-01T08:30:00'))
  const deliverAt = '2026-12-01T08:00:00Z'
  await world.send({ ...note, to: ['ada', { topic: 'all' }], deliverAt, late: 'skip' })
  await world.send({ ...note, id: 'm', to: 'ada', deliverAt })
  expect((await world.items('ada')).map(({ notification }) => notification)).toEqual(['m'])
  expect(await world.reasons('n', '')).toEqual(['audience end late'])
})

test('cancelling and expiry are asked when a group is due', async () => {
  world = await openClocked(at('2026-11-29T12:00:00'))
  await person('east', 'Asia/Tokyo')
  await person('west', 'America/New_York')
  const to = ['east', 'west']
  await world.send({ ...note, to })
  await world.send({ ...note, id: 'brief', to, expiresAt: '2026-12-01T12:00:00Z' })
  await world.advance(at('2026-12-01T10:00:00'))
  await world.store.notifications.cancel(world.tenant, 'n', Date.now())
  await world.advance(LAST)
  expect([(await world.items('east')).length, (await world.items('west')).length]).toEqual([1, 0])
  expect([await state(), await state('brief')]).toEqual([
    ['cancelled', 1],
    ['delivered', 1],
  ])
  expect(await world.reasons('n', '')).toEqual(['audience end cancelled'])
  expect(await world.reasons('brief', 'west')).toEqual(['audience end expired'])
})

test('each item expires at its own local time', async () => {
  world = await openClocked(at('2026-11-29T12:00:00'))
  await person('east', 'Asia/Tokyo')
  await person('west', 'America/New_York')
  const to = ['east', 'west']
  await world.send({ ...note, to, expiresAt: { local: '2026-12-01T18:00' } })
  await world.send({ id: 'm', type: 'x', title: 'Now', to, expiresAt: { local: '2026-11-30T18:00' } })
  const record = await world.store.notifications.get(world.tenant, 'm')
  expect(record?.localExpiry).toEqual({ expiresAt: '2026-11-30T18:00' })
  const expiries = async (user: string) => (await world.items(user)).map(({ expiresAt }) => expiresAt)
  expect([await expiries('east'), await expiries('west')]).toEqual([
    ['2026-11-30T09:00:00.000Z'],
    ['2026-11-30T23:00:00.000Z'],
  ])
  await world.advance(at('2026-12-01T05:00:00'))
  expect(await expiries('east')).toEqual(['2026-12-01T09:00:00.000Z'])
  await world.advance(at('2026-12-01T15:00:00'))
  expect([await expiries('east'), await expiries('west')]).toEqual([[], ['2026-12-01T23:00:00.000Z']])
})

test('`expiresAfter` of the type counts from the time of each recipient', async () => {
  world = await openClocked(at('2026-11-29T12:00:00'))
  await world.store.types.put(world.tenant, { key: 'x', expiresAfter: 3_600 })
  await person('east', 'Asia/Tokyo')
  await person('west', 'America/New_York')
  await world.send({ ...note, to: ['east', 'west'] })
  await world.advance(at('2026-12-01T00:30:00'))
  expect((await world.items('east'))[0]?.expiresAt).toBe('2026-12-01T01:00:00.000Z')
  await world.advance(at('2026-12-01T14:30:00'))
  expect((await world.items('west'))[0]?.expiresAt).toBe('2026-12-01T15:00:00.000Z')
})

describe('after a crash', () => {
  test('messages that are handled again change nothing', async () => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    const users = await everyoneIn30Zones(90)
    const plan = [{ channel: 'email' as const, when: 'unread' as const }]
    await world.send({ ...note, to: users, plan })
    for (let hour = EARLIEST; hour <= LAST; hour += 3_600_000) {
      const before = [...world.scheduled.values()]
      await world.advance(hour)
      for (const message of before) if ((message.schedule?.at ?? 0) <= hour) await world.again(message)
    }
    await world.advance(LAST)
    expect(await state()).toEqual(['delivered', 90])
    for (const [n, user] of users.entries()) expect(await times(user)).toEqual([ZONES[n % 30]![1]])
    expect(world.steps).toHaveLength(90)
  })

  test.each([1, 2, 3])('everyone gets it once, with one step, wherever it crashes (%s)', async (seed) => {
    let state = seed
    let crashed = 0
    const crashes = () => {
      state = (state * 16_807) % 2_147_483_647
      if (state % 3 === 0) crashed++
      return state % 3 === 0
    }
    world = await openClocked(at('2026-11-29T12:00:00'), crashes)
    const users = await everyoneIn30Zones(700)
    await world.store.topics.add(world.tenant, 'all', users)
    const plan = [{ channel: 'email' as const, when: 'unread' as const }]
    await world.send({ ...note, to: { topic: 'all' }, plan })
    await world.advance(EARLIEST)
    for (const [n, user] of users.entries())
      if (n % 30 === 25) await person(user, n % 60 === 25 ? 'Pacific/Honolulu' : 'Europe/Lisbon')
    await world.advance(LAST)
    const record = await world.store.notifications.get(world.tenant, 'n')
    expect([record?.state, record?.recipients]).toEqual(['delivered', 700])
    for (const [n, user] of users.entries()) {
      const expected = n % 60 === 25 ? '2026-12-01T19:00:00' : ZONES[n % 30]![1]
      expect([n, await times(user)]).toEqual([n, [expected]])
    }
    expect(world.steps.map(({ user }) => user).sort()).toEqual([...users].sort())
    expect(crashed).toBeGreaterThan(50)
  })

  test.each([
    ['named', (users: readonly string[]) => [...users]],
    ['a topic', () => ({ topic: 'all' })],
  ])('a notification that is sent again changes nothing, whenever that is: %s', async (_, to) => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    const users = await everyoneIn30Zones(600)
    await world.store.topics.add(world.tenant, 'all', users)
    const sent = { ...note, to: to(users) }
    await world.send(sent)
    await world.advance(at('2026-12-01T05:00:00'))
    const before = await state()
    await world.send(sent)
    expect(await state()).toEqual(before)
    await world.advance(LAST + 86_400_000)
    expect(await state()).toEqual(['delivered', 600])
    await world.send(sent)
    expect(await state()).toEqual(['delivered', 600])
    for (const [n, user] of users.entries()) expect(await times(user)).toEqual([ZONES[n % 30]![1]])
  })

  test('a dispatcher that was down for hours catches up, and nobody is late', async () => {
    world = await openClocked(at('2026-11-29T12:00:00'))
    const users = await everyoneIn30Zones(60)
    await world.send({ ...note, to: users, late: 'skip' })
    await world.advance(EARLIEST)
    const [waiting] = [...world.scheduled.values()]
    world.scheduled.clear()
    await world.advance(at('2026-12-01T11:00:00'))
    await world.again(waiting!)
    await world.advance(LAST)
    expect(await state()).toEqual(['delivered', 60])
    for (const user of users) expect(await times(user)).toHaveLength(1)
  })
})

test('a user who is in several audiences gets it once', async () => {
  world = await openClocked(at('2026-11-29T12:00:00'))
  const users = await everyoneIn30Zones(600)
  await world.store.topics.add(world.tenant, 'all', users)
  await world.store.topics.add(world.tenant, 'few', users.slice(0, 60))
  await world.send({ ...note, to: [...users.slice(0, 5), { topic: 'all' }, { topic: 'few' }] })
  await world.advance(LAST)
  expect((await state())?.[0]).toBe('delivered')
  for (const [n, user] of users.entries()) expect(await times(user)).toEqual([ZONES[n % 30]![1]])
})

test('a local time that does not exist is later by the gap, and one that exists twice is the first', async () => {
  world = await openClocked(at('2026-03-07T12:00:00'))
  await person('ada', 'America/New_York')
  await world.send({ ...note, to: 'ada', deliverAt: { local: '2026-03-08T02:30' } })
  await world.send({ ...note, id: 'm', to: 'ada', deliverAt: { local: '2026-11-01T01:30' } })
  await world.advance(at('2026-03-09T12:00:00'))
  expect(await times('ada')).toEqual(['2026-03-08T07:30:00'])
  await world.advance(at('2026-11-02T12:00:00'))
  expect(await times('ada')).toEqual(['2026-11-01T05:30:00'])
})

describe('a time relative to a date in data', () => {
  test('is delivered at its instant', async () => {
    world = await openClocked(at('2026-12-01T08:00:00'))
    await world.store.tenants.putSettings(world.tenant, { timezone: 'Europe/Berlin' })
    const relative = (from: string, offset?: string) => ({ from: `data.${from}`, ...(offset && { offset }) })
    const data = { order: { dueAt: '2026-12-01T12:00:00+02:00' }, day: '2026-12-02' }
    await world.send({ ...note, to: 'ada', data, deliverAt: relative('order.dueAt', '-PT30M') })
    await world.send({ ...note, id: 'm', to: 'ada', data, deliverAt: relative('day') })
    await world.advance(at('2026-12-03T00:00:00'))
    expect((await times('ada')).sort()).toEqual(['2026-12-01T09:30:00', '2026-12-01T23:00:00'])
  })

  test.each([
    [{}, undefined, '/deliverAt/from: data has no RFC 3339 instant or date there'],
    [{ dueAt: 'tomorrow' }, undefined, '/deliverAt/from: data has no RFC 3339 instant or date there'],
    [{ dueAt: 7 }, undefined, '/deliverAt/from: data has no RFC 3339 instant or date there'],
    [{ dueAt: '9999-12-01' }, undefined, 'deliverAt must be at most 366 days ahead'],
    [{ dueAt: '2026-12-02' }, '-P100Y', '/deliverAt/offset: must be an ISO 8601 duration'],
    [{ dueAt: '2026-12-02' }, '-P36500D', '/deliverAt/offset: must be at most 366 days'],
  ])('%j with the offset %s is refused', async (data, offset, detail) => {
    world = await openClocked(at('2026-12-01T08:00:00'))
    const deliverAt = { from: 'data.dueAt', ...(offset && { offset }) }
    const [reason] = await world.send({ ...note, to: 'ada', data, deliverAt })
    expect(reason?.detail).toContain(detail)
    expect(await state()).toBeUndefined()
  })

  test.each([
    ['2027-12-31T09:00', 'deliverAt must be at most 366 days ahead'],
    ['9999-12-31T09:00', 'deliverAt must be at most 366 days ahead'],
    ['2026-12-01T24:30', '/deliverAt/local: must be a date and time that exist'],
  ])('the local time %s is refused', async (local, detail) => {
    world = await openClocked(at('2026-12-01T08:00:00'))
    const [reason] = await world.send({ ...note, to: 'ada', deliverAt: { local } })
    expect(reason?.detail).toContain(detail)
  })
})

describe('a step that waits for a date in data', () => {
  const plan = [
    { channel: 'push' as const, when: 'always' as const, after: 0 },
    { channel: 'email' as const, when: 'unread' as const, after: { from: 'data.startsAt', offset: '-PT1H' } },
  ]

  test('is due relative to the date, or at once if it has passed', async () => {
    world = await openClocked(at('2026-12-01T08:00:00'))
    const email = plan.slice(1)
    await world.send({
      ...note,
      deliverAt: undefined,
      to: 'ada',
      plan: email,
      data: { startsAt: '2026-12-03T10:00:00Z' },
    })
    await world.send({
      ...note,
      id: 'm',
      deliverAt: undefined,
      to: 'ada',
      plan: email,
      data: { startsAt: '2026-12-01T08:30:00Z' },
    })
    expect(world.steps.map(({ notification }) => notification)).toEqual(['m'])
    await world.advance(at('2026-12-04T00:00:00'))
    expect(world.steps.map(({ notification, plan: [step] }) => [notification, step?.after])).toEqual([
      ['m', 0],
      ['n', { at: at('2026-12-03T09:00:00') }],
    ])
    const record = await world.store.notifications.get(world.tenant, 'n')
    expect(record?.decisions?.at(-1)).toMatchObject({
      ...{ path: 'plan.0.after.from', reason: 'delay', until: at('2026-12-03T09:00:00') },
    })
  })

  test.each([
    [{}, '/plan/1/after: data has no RFC 3339 instant or date there'],
    [
      { startsAt: '2027-01-20T09:00:00Z' },
      '/plan/1/after: must be at most 30 days after the start of the plan',
    ],
  ])('with %j is refused, also by the plan of its type', async (data, detail) => {
    world = await openClocked(at('2026-12-01T08:00:00'))
    await world.store.types.put(world.tenant, { key: 'reminder', plan })
    const [own] = await world.send({ ...note, deliverAt: undefined, to: 'ada', plan, data })
    expect(own?.detail).toContain(detail)
    const [type] = await world.send({ id: 'm', type: 'reminder', to: 'ada', data })
    expect(type?.detail).toContain(
      detail.replace('/plan/1/after', "/data/startsAt: step 1 of the type's plan"),
    )
  })
})
