import { DAYS, type QuietHours } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextDigest } from './frequency.ts'
import { localInstant } from './local-instant.ts'
import { quietUntil } from './quiet-until.ts'
import { clockModel, firstAfter, modelInstant, modelQuiet } from './testing/clock-model.ts'
import { CHANGES } from './testing/zones.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const MODEL_DAYS = 11

const clock = (hours: number, minutes: number) =>
  `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
const time = fc.tuple(fc.nat(23), fc.nat(59)).map(([hours, minutes]) => clock(hours, minutes))
/** Most changes of the offset happen in the first hours of a day. */
const nightTime = fc
  .tuple(fc.nat(3), fc.constantFrom(0, 1, 15, 30, 45))
  .map(([hours, minutes]) => clock(hours, minutes))
const anyTime = fc.oneof(time, nightTime)
const window = fc.tuple(anyTime, fc.oneof(anyTime, fc.constant('24:00'))).filter(([from, to]) => from !== to)
const someWindows = fc.option(fc.array(window, { maxLength: 3 }), { nil: undefined })
const quietHours: fc.Arbitrary<QuietHours> = fc
  .record(Object.fromEntries(DAYS.map((day) => [day, someWindows])))
  .map((days) => ({ days }))

/** Instants within two days of the change, at every fraction of a minute. */
const near = (change: number) => fc.integer({ min: change - 2 * DAY, max: change + 2 * DAY })

describe.each(CHANGES)('%s around %s', (zone, date) => {
  const change = Date.parse(`${date}T12:00Z`)
  const model = clockModel(zone, change, MODEL_DAYS)

  test('quiet windows end when the clock model says', () => {
    fc.assert(
      fc.property(quietHours, fc.array(near(change), { minLength: 1, maxLength: 20 }), (quiet, instants) => {
        const minutes = modelQuiet(model, quiet)
        for (const at of instants) {
          const isQuiet = minutes[Math.floor((at - model.from) / MINUTE)]
          const end = isQuiet ? firstAfter(model, at, (index) => !minutes[index]) : undefined
          expect(quietUntil(quiet, zone, at)).toBe(end)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('daily and weekly digests leave once at their hour', () => {
    fc.assert(
      fc.property(fc.nat(23), fc.constantFrom(...DAYS), near(change), (hour, day, after) => {
        const days = Array.from({ length: 21 }, (_, index) => Date.parse(date) + (index - 10) * DAY)
        const next = (dates: number[]) =>
          Math.min(
            ...dates.map((each) => modelInstant(model, each + hour * 60 * MINUTE)).filter((at) => at > after),
          )
        const onDay = days.filter((each) => (new Date(each).getUTCDay() + 6) % 7 === DAYS.indexOf(day))
        expect(nextDigest('daily', { hour, day }, zone, after)).toBe(next(days))
        expect(nextDigest('weekly', { hour, day }, zone, after)).toBe(next(onDay))
      }),
    )
  })

  test('hourly digests leave when the clock shows a full hour', () => {
    fc.assert(
      fc.property(near(change), (after) => {
        const full = firstAfter(model, after, (index) => (model.shown[index] ?? 1) % 60 === 0)
        expect(nextDigest('hourly', { hour: 9, day: 'mon' }, zone, after)).toBe(full)
      }),
    )
  })

  test('local times become the instants of the clock model', () => {
    fc.assert(
      fc.property(near(change), (local) => {
        const text = new Date(local).toISOString().slice(0, 16)
        expect(localInstant(text, zone)).toBe(modelInstant(model, local))
      }),
    )
  })
})
