/**
 * A random month: people with what they have chosen, the types and schedules of a tenant, and what happens.
 *
 * Whatever happens at the same instant in no specified order would leave the model guessing, so: sends, reads and cancellations
 * happen at quarters of an hour, one after another; everything else comes some minutes after one.
 * @module
 */
import fc from 'fast-check'
import { TICK_MS, WEEKDAYS, type Weekday } from './month-clock.ts'
import type {
  Delivery,
  ModelChoices,
  ModelEvent,
  ModelPerson,
  ModelSchedule,
  ModelSend,
  ModelType,
} from './month-model.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAYS = 30
/** Clocks change in New York, Havana, St. John's and Lisbon within this month, and in Lord Howe after it. */
export const START = Date.parse('2027-03-04T00:00:00Z')
export const END = START + DAYS * DAY
/** Number of times at which people begin to get several notifications. */
const STARTS = 24
/** Nothing is sent on the last days, so that what waits can leave. */
const SENDING_TICKS = ((DAYS - 8) * DAY) / TICK_MS

const ZONES = [
  ...['Europe/Lisbon', 'America/New_York', 'America/Havana', 'Asia/Kolkata', 'Asia/Kathmandu'],
  ...['Pacific/Apia', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Tokyo', 'UTC'],
]

export const TYPES: readonly ModelType[] = [
  { key: 'plain' },
  { key: 'alarm', critical: true },
  { key: 'receipt', transactional: true },
  { key: 'like', digest: { window: 2 * HOUR + 3 * MINUTE, keyed: true } },
  { key: 'chat', digest: { window: HOUR + 6 * MINUTE, most: 3 * HOUR + 11 * MINUTE, first: true } },
  { key: 'news', digest: { window: 'daily' } },
  { key: 'limited', throttle: { limit: 2, window: 4 * HOUR + 7.5 * MINUTE, excess: 'skip' } },
  {
    key: 'burst',
    digest: { window: HOUR + 9 * MINUTE },
    throttle: { limit: 1, window: 5 * HOUR + 7.5 * MINUTE, excess: 'digest' },
  },
  { key: 'reminder', delay: 3 * HOUR + MINUTE },
]
const KEYS = TYPES.map(({ key }) => key)

const WORKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri']
export const SCHEDULES: readonly ModelSchedule[] = [
  { id: 'report', type: 'plain', context: '', minutes: 9 * 60 + 4, days: WORKDAYS, zone: 'America/New_York' },
  {
    id: 'stand-up',
    type: 'like',
    context: 'team',
    minutes: 10 * 60 + 4,
    days: ['tue'],
    zone: 'Asia/Kathmandu',
  },
  { id: 'morning', type: 'plain', context: '', minutes: 8 * 60 + 7, days: ['mon', 'thu'] },
  { id: 'evening', type: 'limited', context: 'team', minutes: 19 * 60 + 7, days: [...WEEKDAYS] },
]

const choice: fc.Arbitrary<ModelChoices['choices'][string]> = fc.constantFrom(
  ...([true, true, true, false, 'immediate', 'hourly', 'daily', 'weekly'] as const),
)
// Clocks change between midnight and 04:00: what a skipped time means is the calendar's own test.
const halfHour = fc.integer({ min: 8, max: 47 }).map((halves) => halves * 30)
const quietWindow = fc
  .record({ day: fc.constantFrom(...WEEKDAYS), from: halfHour, to: halfHour })
  .filter(({ from, to }) => from !== to)
const chosen = (keys: readonly string[]): fc.Arbitrary<ModelChoices> =>
  fc.record({
    choices: fc.record(Object.fromEntries(keys.map((key) => [key, choice]))),
    digest: fc.option(
      fc.record({ hour: fc.integer({ min: 4, max: 23 }), day: fc.constantFrom(...WEEKDAYS) }),
      {
        nil: undefined,
      },
    ),
    // At most one window a day, and no day that is quiet throughout, so that every wait ends.
    quiet: fc.option(
      fc.uniqueArray(quietWindow, { minLength: 1, maxLength: 4, selector: ({ day }) => day }),
      { nil: undefined },
    ),
  })

const person = (id: string): fc.Arbitrary<ModelPerson> =>
  fc
    .tuple(chosen(KEYS), fc.subarray(KEYS, { maxLength: 4 }).chain(chosen), fc.constantFrom(...ZONES))
    .map(([general, team, zone]) => ({ ...general, id, zone, team }))

/** People share their times, so that many things happen at one instant: it takes as long as one thing. */
const ticks = (...counts: number[]) => fc.constantFrom(...counts).map((count) => count * TICK_MS)
const local = (at: number) => new Date(at).toISOString().slice(0, 16)

/** Local times lie between 08:00 and 20:00, when no clock changes. They may have passed for some. */
const delivery = (at: number): fc.Arbitrary<Delivery> =>
  fc.oneof(
    fc
      .tuple(ticks(2, 7, 40, 300), fc.boolean())
      .map(([later, relative]) => ({ at: at + later + 2 * MINUTE, relative })),
    fc
      .tuple(fc.integer({ min: -1, max: 3 }), fc.constantFrom(32, 41, 55, 79), fc.constantFrom('now', 'skip'))
      .map(([days, quarter, late]) => ({
        local: local(Math.floor(at / DAY) * DAY + days * DAY + quarter * TICK_MS + 8 * MINUTE),
        late: late as 'now' | 'skip',
      })),
  )

const send = (user: string, at: number, type: string, context: '' | 'team'): fc.Arbitrary<ModelSend> =>
  fc
    .record({
      key: fc.constantFrom('a', 'b'),
      delivery: fc.option(delivery(at), { nil: undefined, freq: 8 }),
      expires: fc.option(ticks(0, 1, 6, 12, 30, 90), { nil: undefined, freq: 2 }),
    })
    .map(({ key, delivery, expires }) => ({
      ...{ at, kind: 'send', user, type, id: '', key, context, delivery },
      ...(delivery || expires === undefined ? {} : { expiresAt: at + expires + 5 * MINUTE }),
    }))

/** Ticks after the start of a flurry. */
const LATER = [0, 1, 2, 5, 12, 20]

/** Several notifications of a type within a few hours. */
const flurry = (user: string, starts: readonly number[]): fc.Arbitrary<ModelSend[]> =>
  fc
    .record({
      first: fc.constantFrom(...starts),
      type: fc.constantFrom(...KEYS),
      context: fc.constantFrom('', '', 'team' as const),
      later: fc.subarray(LATER, { minLength: 1 }),
    })
    .chain(({ first, type, context, later }) =>
      fc.tuple(...later.map((after) => send(user, first + after * TICK_MS, type, context))),
    )

const eventsOf = (user: string, starts: readonly number[]): fc.Arbitrary<ModelEvent[]> =>
  fc
    .record({
      flurries: fc.array(flurry(user, starts), { minLength: 6, maxLength: 14 }),
      reads: fc.array(fc.tuple(fc.constantFrom(...starts), ticks(3, 8, 30)), { maxLength: 4 }),
      cancels: fc.array(fc.record({ which: fc.nat(), after: ticks(1, 3, 7, 23, 60) }), { maxLength: 5 }),
    })
    .map(({ flurries, reads, cancels }) => {
      const sends = flurries
        .flat()
        .sort((one, other) => one.at - other.at)
        .map((each, index) => ({ ...each, id: `${user}-${index}` }))
      const cancelled = cancels.map(({ which, after }) => {
        const { id, at } = sends[which % sends.length]!
        return { kind: 'cancel' as const, user, id, at: at + after }
      })
      const acts = [
        ...cancelled,
        ...reads.map(([start, after]) => ({ kind: 'read' as const, user, at: start + after })),
      ]
      // People act at a time of their own, so that the order does not matter.
      return [...sends, ...acts.filter(({ at }) => !sends.some((sent) => sent.at === at))]
    })

const sample = <T>(of: fc.Arbitrary<T>, seed: number): T => fc.sample(of, { numRuns: 1, seed })[0]!

export type Month = { people: ModelPerson[]; events: ModelEvent[] }

/** Returns people, and what happens to them, in order. The same for the same seed. */
export const monthOf = (count: number, seed: number): Month => {
  const people = Array.from({ length: count }, (_, index) => sample(person(`u${index}`), seed + index))
  const start = fc.integer({ min: 1, max: SENDING_TICKS }).map((count) => START + count * TICK_MS)
  const starts = sample(fc.uniqueArray(start, { minLength: STARTS, maxLength: STARTS }), seed)
  const events = people
    .flatMap(({ id }, index) => sample(eventsOf(id, starts), seed + 7 * index))
    .sort((one, other) => one.at - other.at)
  return { people, events }
}
