import { describe, expect, test } from 'vitest'
import { LocalDateTime } from '../fields/local-date-time.ts'
import { DateOffset } from '../fields/offset.ts'
import { parse } from '../validation/parse.ts'
import { DigestTime } from './digest-time.ts'
import { QuietHours } from './quiet-hours.ts'

const faults = (schema: Parameters<typeof parse>[0], value: unknown) => {
  const parsed = parse(schema, value)
  return parsed.success ? [] : parsed.issues.map(({ path, message }) => [path.join('/'), message])
}
const monday = (...windows: unknown[]) => faults(QuietHours, { days: { mon: windows } })

describe('quiet hours', () => {
  test('nights, whole days and days without windows are accepted', () => {
    expect(faults(QuietHours, {})).toEqual([])
    expect(faults(QuietHours, { timezone: 'Asia/Kathmandu', days: { sun: [] } })).toEqual([])
    expect(monday(['22:00', '07:00'], ['00:00', '24:00'], ['23:59', '00:00'])).toEqual([])
  })

  test('each fault is reported with its path', () => {
    expect(monday(['22:00', '22:00'])).toEqual([
      ['days/mon/0', 'must not end at its start; a whole day is 00:00 to 24:00'],
    ])
    expect(monday(['22:00', '24:30'])).toEqual([['days/mon/0/1', 'must be a local time from 00:00 to 24:00']])
    expect(monday(['24:00', '07:00'])).toEqual([['days/mon/0/0', 'must be a local time from 00:00 to 23:59']])
    expect(monday(['7:00', '08:00'])).toHaveLength(1)
    expect(monday('22:00', '07:00')).toEqual([
      ['days/mon/0', 'must be a start and an end such as ["22:00", "07:00"], not a string'],
      ['days/mon/1', 'must be a start and an end such as ["22:00", "07:00"], not a string'],
    ])
    expect(monday(['07:00'])).toHaveLength(1)
    expect(monday(['07:00', '08:00', '09:00'])).toHaveLength(1)
    expect(monday(...Array.from({ length: 9 }, () => ['01:00', '02:00']))).toHaveLength(1)
    expect(faults(QuietHours, { timezone: 'Europe/Lisboa' })).toEqual([
      ['timezone', 'must be an IANA time zone such as Europe/Lisbon'],
    ])
    expect(faults(QuietHours, { days: { monday: [] } })).toHaveLength(1)
  })
})

test('the hour of a digest is 0 to 23, its day one of seven', () => {
  expect(faults(DigestTime, { hour: 0, day: 'sun' })).toEqual([])
  for (const wrong of [{ hour: 24 }, { hour: -1 }, { hour: 8.5 }, { hour: '8' }, { day: 'monday' }])
    expect(faults(DigestTime, wrong)).toHaveLength(1)
})

test('local dates and times exist in the calendar', () => {
  for (const right of ['2026-12-01T09:00', '2028-02-29T23:59:59'])
    expect(faults(LocalDateTime, right)).toEqual([])
  for (const wrong of ['2026-02-29T09:00', '2026-12-01T24:00', '2026-12-01', '2026-12-01T09:00Z'])
    expect(faults(LocalDateTime, wrong)).toHaveLength(1)
})

test('offsets are durations of at most 366 days', () => {
  for (const right of ['-PT30M', 'P1D', '+P2W', 'P1DT12H', 'PT0S', 'P366D', '-P366D'])
    expect(faults(DateOffset, right)).toEqual([])
  for (const wrong of ['P', 'PT', 'P1DT', 'P1M', 'P1Y', 'PT1.5H', '30M', 'P-1D', '', 30])
    expect(faults(DateOffset, wrong)).toHaveLength(1)
  for (const far of ['P100Y', 'P366DT1S', 'P53W', 'PT999999999H', 'P36500D'])
    expect(faults(DateOffset, far)).toHaveLength(1)
})
