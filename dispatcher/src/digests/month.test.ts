import type { NotificationTypeInput, PreferenceValue } from '@carillon/schemas'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'
import {
  type Leaving,
  leavings,
  type ModelEvent,
  type ModelPerson,
  type ModelType,
  STEP_MS,
  type Weekday,
} from './testing/month-model.ts'

/** `CARILLON_MONTH_USERS=200` simulates as many people. */
const PEOPLE = Number(process.env.CARILLON_MONTH_USERS ?? 24)
/** Clocks change in New York, Havana and Lisbon within this month, and in Lord Howe after it. */
const START = '2027-03-04T00:00:00Z'
const DAYS = 30
const HOUR = 3_600_000

const ZONES = [
  ...['Europe/Lisbon', 'America/New_York', 'America/Havana', 'Asia/Kolkata', 'Asia/Kathmandu'],
  ...['Pacific/Apia', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Tokyo', 'UTC'],
]
const WEEK: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

const TYPES: ModelType[] = [
  { key: 'plain', kind: 'plain' },
  { key: 'alarm', kind: 'critical' },
  { key: 'receipt', kind: 'transactional' },
  { key: 'like', kind: 'digest', window: 2 * HOUR },
]
const LISTED = '{% for item in items %}{{ item.data.id }} {% endfor %}'
const definitionOf = ({ kind, window = 0 }: ModelType): NotificationTypeInput => ({
  content: { title: 'told:', body: LISTED },
  plan: [{ channel: 'sms', when: 'unread', after: 0 }],
  ...(kind === 'critical' ? { critical: true } : {}),
  ...(kind === 'transactional' ? { optOut: false } : {}),
  ...(kind === 'digest' ? { digest: { window: window / 1_000, key: '{{ data.key }}' } } : {}),
})

const choice = fc.constantFrom(true, true, false, 'immediate', 'hourly', 'daily', 'weekly' as const)
// Clocks change between midnight and 04:00: what a skipped time means is the calendar's own test.
const halfHour = fc.integer({ min: 8, max: 47 }).map((halves) => halves * 30)
const quietWindow = fc
  .record({ day: fc.constantFrom(...WEEK), from: halfHour, to: halfHour })
  .filter(({ from, to }) => from !== to)
const person = (id: string): fc.Arbitrary<ModelPerson> =>
  fc.record({
    id: fc.constant(id),
    zone: fc.constantFrom(...ZONES),
    hour: fc.nat(23),
    day: fc.constantFrom(...WEEK),
    choices: fc.record(Object.fromEntries(TYPES.map(({ key }) => [key, choice]))) as fc.Arbitrary<
      ModelPerson['choices']
    >,
    // At most one window a day, and no day that is quiet throughout, so that every wait ends.
    quiet: fc.uniqueArray(quietWindow, { maxLength: 4, selector: ({ day }) => day }),
  })

const STEPS = (DAYS * 24 * HOUR) / STEP_MS
const eventsOf = (user: string): fc.Arbitrary<ModelEvent[]> => {
  const at = fc.integer({ min: 1, max: STEPS - 8 * 96 }).map((step) => Date.parse(START) + step * STEP_MS)
  const sending = fc.record({
    at,
    kind: fc.constant('send' as const),
    user: fc.constant(user),
    type: fc.constantFrom(...TYPES.map(({ key }) => key)),
    id: fc.constant(''),
    key: fc.constantFrom('a', 'b'),
  })
  const reading = fc.record({ at, kind: fc.constant('read' as const), user: fc.constant(user) })
  return fc
    .tuple(fc.array(sending, { minLength: 15, maxLength: 30 }), fc.array(reading, { maxLength: 4 }))
    .map(([sends, reads]) => [
      ...sends.map((event, index) => ({ ...event, id: `${user}-${index}` })),
      // A read comes at a time of its own, so that its order does not matter.
      ...reads.filter(({ at: read }) => !sends.some(({ at: sent }) => sent === read)),
    ])
}

const minutes = (zoned: number) =>
  zoned === 0
    ? '00:00'
    : `${String(Math.floor(zoned / 60)).padStart(2, '0')}:${String(zoned % 60).padStart(2, '0')}`

const preferencesOf = ({ choices, quiet, hour, day }: ModelPerson): [string, PreferenceValue][] => [
  ...Object.entries(choices).map(([type, value]): [string, PreferenceValue] => [`/types/${type}/sms`, value]),
  ...quiet.map(({ day: on, from, to }): [string, PreferenceValue] => [
    `/quietHours/days/${on}`,
    [[minutes(from), to === 0 ? '24:00' : minutes(to)]],
  ]),
  ['/digest/hour', hour],
  ['/digest/day', day],
]

afterEach(() => {
  vi.useRealTimers()
})

const sorted = (leaving: readonly Leaving[]) =>
  leaving.map(({ at, user, ids }) => `${new Date(at).toISOString()} ${user}: ${ids.join(' ')}`).sort()

test('a simulated month agrees with an independent model, message by message', {
  timeout: 600_000,
}, async () => {
  const seed = Number(process.env.CARILLON_MONTH_SEED ?? 20_270_304)
  const people = Array.from(
    { length: PEOPLE },
    (_, index) => fc.sample(person(`u${index}`), { numRuns: 1, seed: seed + index })[0]!,
  )
  const events = people
    .flatMap(({ id }, index) => fc.sample(eventsOf(id), { numRuns: 1, seed: seed + 7 * index })[0]!)
    .sort((one, other) => one.at - other.at)

  const time = fakeTime(START)
  const sms = scripted('text', ['sms'], { needs: 'phone', repeatable: true })
  const left: Leaving[] = []
  sms.say(({ user, content }) => {
    const ids = (content.body ?? '').replace('told:', '').trim().split(/\s+/).sort()
    left.push({ at: Math.floor(Date.now() / STEP_MS) * STEP_MS, user, ids })
    return { outcome: 'sent', id: `${left.length}` }
  })
  const world = await openWorld({
    ...{ providers: providersOf(sms), clock: time.clock, retentionMs: 90 * 86_400_000 },
    rates: {},
  })
  const { store, tenant } = world
  await world.account('text')
  for (const type of TYPES) await store.types.put(tenant, { key: type.key, ...definitionOf(type) })
  await store.types.put(tenant, { key: 'carillon.digest', content: { title: 'told:', body: LISTED } })
  for (const each of people) {
    await world.person(each.id, { phone: '+351911111111', timezone: each.zone })
    const changes = preferencesOf(each).map(([path, value]) => ({ path, value }))
    await store.preferences.change(tenant, each.id, { changes, via: 'app', by: each.id })
  }

  const read = async (user: string) => {
    const owner = { tenant, user }
    const { items } = await store.inbox.page(owner, { status: 'active', limit: 100 })
    const readAt = new Date().toISOString()
    await store.inbox.change(
      owner,
      items.map(({ id }) => id),
      () => ({ readAt }),
    )
  }
  /** Lets everything happen that is due. Waits of a few milliseconds, for permits, pass too. */
  const settle = async () => {
    for (let tick = 0; tick < 3; tick++) {
      await world.quiet()
      time.setTime(Date.now() + 5)
    }
    await world.quiet()
  }
  try {
    const [start, end] = [Date.parse(START), Date.parse(START) + DAYS * 24 * HOUR]
    for (let at = start; at <= end; at += STEP_MS) {
      time.setTime(at)
      await settle()
      const now = events.filter((event) => event.at === at)
      for (const event of now)
        if (event.kind === 'send') {
          const { user: to, type, id, key } = event
          await world.send({ id, to, type, data: { id, key } })
        }
      if (now.length > 0) await settle()
      for (const event of now) if (event.kind === 'read') await read(event.user)
    }
    const expected = people.flatMap((each) =>
      leavings(
        each,
        TYPES,
        events.filter(({ user }) => user === each.id),
        { start, end },
      ),
    )
    expect(expected.length).toBeGreaterThan(PEOPLE * 5)
    expect(sorted(left)).toEqual(sorted(expected))
    expect(await world.deadLetters()).toEqual([])
  } finally {
    await world.close()
  }
})
