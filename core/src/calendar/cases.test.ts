import type { QuietHours, QuietWindow } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { nextDigest } from './frequency.ts'
import { earliestInstant, localInstant } from './local-instant.ts'
import { quietUntil } from './quiet-until.ts'
import { shiftedDate } from './shifted-date.ts'

const iso = (at: number | undefined) => at && new Date(at).toISOString().replace(':00.000Z', 'Z')
const at = (text: string) => Date.parse(text)
const NIGHT: QuietWindow = ['22:00', '07:00']
const WHOLE_DAY: QuietWindow = ['00:00', '24:00']
const NIGHTS: QuietHours = {
  days: { mon: [NIGHT], tue: [NIGHT], wed: [NIGHT], thu: [NIGHT], fri: [NIGHT], sat: [NIGHT], sun: [NIGHT] },
}

test('these cases run in the time zone that TZ names', () => {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  // Intl has an older spelling.
  expect(zone.replace('Katmandu', 'Kathmandu')).toBe(process.env.TZ ?? zone)
})

describe('quiet hours', () => {
  test.each([
    ['2026-07-01T21:59+01:00', undefined],
    ['2026-07-01T22:00+01:00', '2026-07-02T06:00Z'],
    ['2026-07-01T23:30+01:00', '2026-07-02T06:00Z'],
    ['2026-07-02T00:30+01:00', '2026-07-02T06:00Z'],
    ['2026-07-02T06:59+01:00', '2026-07-02T06:00Z'],
    ['2026-07-02T07:00+01:00', undefined],
  ])('22:00 to 07:00 in Lisbon, asked at %s', (instant, until) => {
    expect(iso(quietUntil(NIGHTS, 'Europe/Lisbon', at(instant)))).toBe(until)
  })

  test('nightly windows and two whole days are one window', () => {
    const weekend: QuietHours = { days: { ...NIGHTS.days, sat: [NIGHT, WHOLE_DAY], sun: [WHOLE_DAY, NIGHT] } }
    for (const quiet of ['2026-07-03T22:00Z', '2026-07-04T12:00Z', '2026-07-05T08:00Z', '2026-07-06T06:59Z'])
      expect(iso(quietUntil(weekend, 'UTC', at(quiet)))).toBe('2026-07-06T07:00Z')
    expect(quietUntil(weekend, 'UTC', at('2026-07-03T21:59Z'))).toBeUndefined()
    expect(quietUntil(weekend, 'UTC', at('2026-07-06T07:00Z'))).toBeUndefined()
  })

  test('their own time zone comes before that of the user', () => {
    const quiet = { ...NIGHTS, timezone: 'Asia/Tokyo' }
    expect(iso(quietUntil(quiet, 'America/New_York', at('2026-07-01T13:00Z')))).toBe('2026-07-01T22:00Z')
  })

  test('a night is shorter or longer when clocks change', () => {
    const lisbon = (instant: string) => iso(quietUntil(NIGHTS, 'Europe/Lisbon', at(instant)))
    expect(lisbon('2026-03-28T22:00Z')).toBe('2026-03-29T06:00Z')
    expect(lisbon('2026-10-24T22:00+01:00')).toBe('2026-10-25T07:00Z')
  })

  test('windows adjoin when the clock skips what lies between them', () => {
    const quiet: QuietHours = {
      days: {
        sun: [
          ['00:00', '02:00'],
          ['03:00', '05:00'],
        ],
      },
    }
    const newYork = (instant: string) => iso(quietUntil(quiet, 'America/New_York', at(instant)))
    expect(newYork('2026-03-08T00:30-05:00')).toBe('2026-03-08T09:00Z')
    expect(newYork('2026-03-15T00:30-04:00')).toBe('2026-03-15T06:00Z')
  })

  test('a week that is quiet throughout pauses in the first hour of Monday', () => {
    const days = Object.fromEntries(Object.keys(NIGHTS.days ?? {}).map((day) => [day, [WHOLE_DAY]]))
    const always = { days }
    expect(iso(quietUntil(always, 'UTC', at('2026-07-01T12:00Z')))).toBe('2026-07-06T00:00Z')
    expect(quietUntil(always, 'UTC', at('2026-07-06T00:00Z'))).toBeUndefined()
    expect(quietUntil(always, 'UTC', at('2026-07-06T00:59Z'))).toBeUndefined()
    expect(iso(quietUntil(always, 'UTC', at('2026-07-06T01:00Z')))).toBe('2026-07-13T00:00Z')
    expect(iso(quietUntil(always, 'Asia/Tokyo', at('2026-07-01T12:00Z')))).toBe('2026-07-05T15:00Z')
  })

  test('without windows nothing is quiet', () => {
    expect(quietUntil({}, 'UTC', 0)).toBeUndefined()
    expect(quietUntil({ timezone: 'Asia/Tokyo', days: { mon: [] } }, 'UTC', 0)).toBeUndefined()
  })

  test('a window until 24:00 and one from 00:00 of the next day are one', () => {
    const quiet: QuietHours = { days: { sun: [['20:00', '24:00']], mon: [['00:00', '06:00']] } }
    expect(iso(quietUntil(quiet, 'UTC', at('2026-07-05T21:00Z')))).toBe('2026-07-06T06:00Z')
  })
})

describe('digests', () => {
  const daily = (zone: string, after: string, hour = 8) =>
    iso(nextDigest('daily', { hour, day: 'mon' }, zone, at(after)))

  test.each([
    ['Asia/Kolkata', '2026-07-01T02:30Z'],
    ['Asia/Kathmandu', '2026-07-01T02:15Z'],
    ['Pacific/Apia', '2026-07-01T19:00Z'],
  ])('daily at 08:00 in %s', (zone, expected) => {
    expect(daily(zone, '2026-07-01T00:00Z')).toBe(expected)
  })

  test('daily on the days on which clocks change in New York', () => {
    const zone = 'America/New_York'
    expect(daily(zone, '2026-03-08T05:00Z')).toBe('2026-03-08T12:00Z')
    expect(daily(zone, '2026-11-01T04:00Z')).toBe('2026-11-01T13:00Z')
    // 02:00 does not exist, and 01:00 exists twice.
    expect(daily(zone, '2026-03-08T05:00Z', 2)).toBe('2026-03-08T07:00Z')
    expect(daily(zone, '2026-11-01T04:00Z', 1)).toBe('2026-11-01T05:00Z')
    expect(daily(zone, '2026-11-01T05:00Z', 1)).toBe('2026-11-02T06:00Z')
  })

  test('the close is strictly after', () => {
    expect(daily('UTC', '2026-07-01T08:00Z')).toBe('2026-07-02T08:00Z')
    const weekly = (after: string) => iso(nextDigest('weekly', { hour: 9, day: 'fri' }, 'UTC', at(after)))
    expect(weekly('2026-07-03T08:59Z')).toBe('2026-07-03T09:00Z')
    expect(weekly('2026-07-03T09:00Z')).toBe('2026-07-10T09:00Z')
  })

  test('hourly at the full hour of half-hour zones', () => {
    const hourly = (zone: string) =>
      iso(nextDigest('hourly', { hour: 9, day: 'mon' }, zone, at('2026-07-01T00:00Z')))
    expect(hourly('Asia/Kolkata')).toBe('2026-07-01T00:30Z')
    expect(hourly('Asia/Kathmandu')).toBe('2026-07-01T00:15Z')
    expect(hourly('UTC')).toBe('2026-07-01T01:00Z')
  })
})

describe('dates', () => {
  test('a local time by its zone, and where it comes first', () => {
    expect(iso(localInstant('2026-12-01T09:00', 'Asia/Kolkata'))).toBe('2026-12-01T03:30Z')
    expect(iso(localInstant('2026-03-08T02:30', 'America/New_York'))).toBe('2026-03-08T07:30Z')
    expect(iso(localInstant('2026-11-01T01:30:00', 'America/New_York'))).toBe('2026-11-01T05:30Z')
    expect(earliestInstant('2026-12-01T09:00')).toBe(localInstant('2026-12-01T09:00', 'Pacific/Kiritimati'))
    expect(localInstant('9999-12-31T23:59', 'Asia/Tokyo')).toBe(at('9999-12-31T14:59Z'))
  })

  test('a date moved by an offset', () => {
    const shifted = (date: unknown, offset: string, zone = 'UTC') => iso(shiftedDate(date, offset, zone))
    expect(shifted('2026-12-01T09:00:00Z', '-PT30M')).toBe('2026-12-01T08:30Z')
    expect(shifted('2026-12-01T09:00:00+02:00', 'P1W2DT1H')).toBe('2026-12-10T08:00Z')
    expect(shifted('2026-12-01', 'PT9H', 'Asia/Kolkata')).toBe('2026-12-01T03:30Z')
    // A day is a calendar day, 24 hours are 24 hours.
    expect(shifted('2026-03-07T09:00:00-05:00', 'P1D', 'America/New_York')).toBe('2026-03-08T13:00Z')
    expect(shifted('2026-03-07T09:00:00-05:00', 'PT24H', 'America/New_York')).toBe('2026-03-08T14:00Z')
    expect(shifted('9999-12-31T23:59:59Z', 'P1D')).toBe('+010000-01-01T23:59:59.000Z')
  })

  test.each([
    undefined,
    null,
    5,
    '',
    'tomorrow',
    '2026-02-30',
    '2026-02-30T09:00:00Z',
    '2026-12-01T09:00',
    '2026-13-01',
    {},
  ])('%j is no date', (date) => {
    expect(shiftedDate(date, 'P1D', 'UTC')).toBeUndefined()
  })

  test.each([
    ['JST', 9],
    ['IST', 5.5],
    ['europe/lisbon', 0],
    ['Etc/GMT-14', 14],
  ])('%s, which Intl accepts, is a zone', (zone, hours) => {
    const [nine, day] = ['2026-12-01T09:00', { hour: 9, day: 'mon' } as const]
    const expected = at(`${nine}Z`) - hours * 3_600_000
    expect(localInstant(nine, zone)).toBe(expected)
    expect(nextDigest('daily', day, zone, expected - 1)).toBe(expected)
    expect(shiftedDate('2026-12-01', 'PT9H', zone)).toBe(expected)
  })

  test('an unknown zone throws', () => {
    expect(() => localInstant('2026-12-01T09:00', 'Mars/Olympus')).toThrow(RangeError)
  })
})
