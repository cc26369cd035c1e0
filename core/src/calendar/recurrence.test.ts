import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localInstant } from './local-instant.ts'
import { cronFault, latestRun, nextRun, nextRuns, type Recurrence, runsBetween } from './recurrence.ts'
import { clockModel, firstAfter, modelInstant } from './testing/clock-model.ts'
import { CHANGES } from './testing/zones.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const at = (text: string) => Date.parse(text)
const iso = (instant: number) => new Date(instant).toISOString().replace(':00.000Z', 'Z')
const runs = (recurrence: Recurrence, after: string, count: number) =>
  nextRuns(recurrence, at(after), count).map((run) => iso(run.at))
const NEW_YORK = 'America/New_York'

describe('runs', () => {
  test('31 skips short months, L is the last day', () => {
    expect(runs({ cron: '0 9 31 * *' }, '2026-01-31T09:00Z', 3)).toEqual([
      '2026-03-31T09:00Z',
      '2026-05-31T09:00Z',
      '2026-07-31T09:00Z',
    ])
    expect(runs({ cron: '0 9 L * *' }, '2028-01-31T09:00Z', 2)).toEqual([
      '2028-02-29T09:00Z',
      '2028-03-31T09:00Z',
    ])
  })

  test('a fixed time in a gap runs at its end, and a repeated one once', () => {
    const fixed = (cron: string) => ({ cron, timezone: NEW_YORK })
    expect(runs(fixed('30 2 * * *'), '2026-03-07T12:00Z', 2)).toEqual([
      '2026-03-08T07:00Z',
      '2026-03-09T06:30Z',
    ])
    expect(runs(fixed('30 1 * * *'), '2026-10-31T12:00Z', 2)).toEqual([
      '2026-11-01T05:30Z',
      '2026-11-02T06:30Z',
    ])
    expect(runs(fixed('30 1,13 * * *'), '2026-10-31T20:00Z', 2)).toEqual([
      '2026-11-01T05:30Z',
      '2026-11-01T18:30Z',
    ])
    expect(runs(fixed('30 2,3 * * *'), '2026-03-08T06:00Z', 2)).toEqual([
      '2026-03-08T07:00Z',
      '2026-03-08T07:30Z',
    ])
  })

  test.each(['2026-03-08', '2026-11-01'])('steps go by elapsed time on %s', (date) => {
    const found = nextRuns({ cron: '*/30 * * * *', timezone: NEW_YORK }, at(`${date}T04:00Z`), 12)
    expect(found.map((run) => run.at)).toEqual(found.map((_, n) => at(`${date}T04:30Z`) + n * 30 * MINUTE))
  })

  test('from and until are inclusive', () => {
    const recurrence = { cron: '0 9 * * *', from: '2026-07-03T09:00:00Z', until: '2026-07-05T11:00:00+02:00' }
    expect(runs(recurrence, '2026-07-01T00:00Z', 9)).toEqual([
      '2026-07-03T09:00Z',
      '2026-07-04T09:00Z',
      '2026-07-05T09:00Z',
    ])
    expect(nextRun({ cron: '* * * * *', from: '9999-12-31T23:59:59Z' }, 0)).toBeUndefined()
  })

  test('local ones come first in UTC+14', () => {
    const [run] = nextRuns({ cron: '30 2 8 3 *', local: true }, at('2026-01-01T00:00Z'), 1)
    expect(run).toEqual({ at: at('2026-03-07T12:30Z'), local: '2026-03-08T02:30' })
    expect(localInstant(run?.local ?? '', 'Pacific/Kiritimati')).toBe(run?.at)
    expect(nextRun({ cron: '30 2 8 3 *', local: true }, run!.at)?.local).toBe('2027-03-08T02:30')
  })
})

test.each([
  ['0 9 * * mon', undefined],
  ['0 0 29 2 *', undefined],
  ['0 0 30 2 *', 'never fires'],
  ['0 0 31 4,6 *', 'never fires'],
  ['61 * * * *', 'Invalid value for minute: 61'],
  ['0 0 * * 8', 'Invalid value for dayOfWeek: 8'],
  ['a b c d e', 'contains illegal characters'],
  ['0 0 0 * * *', 'exactly 5 parts'],
])('%s is checked', (cron, fault) => {
  const found = cronFault(cron)
  if (fault === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(fault)
})

const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 2, max: 20 }).map((step) => `*/${Math.min(step, most)}`),
    fc.integer({ min: least, max: most }).map(String),
    fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }).map(String),
  )
const cron = fc.tuple(field(0, 59), field(0, 23)).map(([minute, hour]) => `${minute} ${hour} * * *`)

describe.each(CHANGES)('%s around %s', (timezone, date) => {
  const change = at(`${date}T12:00Z`)
  const near = fc.integer({ min: change - 2 * DAY, max: change + 2 * DAY })

  test('the next run is after, and the first; the latest run is the last', () => {
    fc.assert(
      fc.property(cron, near, fc.integer({ min: 0, max: DAY }), (cron, after, span) => {
        const recurrence = { cron, timezone }
        const between = runsBetween(recurrence, after, after + span)
        const instants = between.map((run) => run.at)
        expect(instants.every((instant) => instant > after && instant <= after + span)).toBe(true)
        expect(instants).toEqual([...new Set(instants)].sort((one, other) => one - other))
        expect(latestRun(recurrence, after, after + span)).toEqual(between.at(-1))
        const middle = after + Math.floor(span / 2)
        expect(runsBetween(recurrence, middle, after + span)).toEqual(
          between.filter((run) => run.at > middle),
        )
      }),
      { numRuns: 12 },
    )
  })

  const model = clockModel(timezone, change, 5)
  const dayOf = (local: number) => Math.floor(local / DAY) * DAY
  test('a fixed time runs once a day, at the end of a gap', () => {
    fc.assert(
      fc.property(fc.nat(23), fc.nat(59), near, (hour, minute, after) => {
        const time = (hour * 60 + minute) * MINUTE
        const days = Array.from({ length: 9 }, (_, n) => dayOf(change) + (n - 4) * DAY)
        const instants = days.flatMap((day) => {
          const first = model.first.get((day + time) / MINUTE)
          if (first !== undefined) return [model.from + first * MINUTE]
          // The first minute after the gap, unless the clock skips the rest of the day.
          const end = firstAfter(
            model,
            modelInstant(model, day) - 1,
            (index) => (model.shown[index] ?? 0) * MINUTE > day + time,
          )
          return end !== undefined && dayOf((model.shown[(end - model.from) / MINUTE] ?? 0) * MINUTE) === day
            ? [end]
            : []
        })
        const next = instants.find((instant) => instant > after)
        expect(nextRun({ cron: `${minute} ${hour} * * *`, timezone }, after)?.at).toBe(next)
      }),
      { numRuns: 25 },
    )
  })
})
