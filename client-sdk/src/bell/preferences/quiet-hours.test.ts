import { describe, expect, it } from 'vitest'
import { DAYS, formOf, isWindow, quietHoursOf, windowsOf } from './quiet-hours.ts'

const week = (windows: [string, string][]) => Object.fromEntries(DAYS.map((day) => [day, windows]))

describe('the form of quiet hours', () => {
  it('proposes the default window on every day if none are stored', () => {
    const form = formOf(undefined)
    expect(form).toEqual({ on: false, from: '22:00', to: '07:00', days: DAYS, differs: false })
    expect(quietHoursOf({}, { ...form, on: true })).toEqual({
      timezone: null,
      days: week([['22:00', '07:00']]),
    })
  })

  it('keeps the time zone, and stores an empty list for each day without windows', () => {
    const quiet = { timezone: 'Asia/Tokyo', days: { mon: [['22:00', '07:00']] as [string, string][] } }
    const off = quietHoursOf(quiet, { ...formOf(quiet), on: false })
    expect(off).toEqual({ timezone: 'Asia/Tokyo', days: week([]) })
    expect(formOf({ days: off.days })).toMatchObject({ on: false })
  })

  it('shows the end of a day as 00:00, and stores it as 24:00', () => {
    const days = { sat: [['00:00', '24:00']] as [string, string][] }
    const form = formOf({ days })
    expect(form).toMatchObject({ from: '00:00', to: '00:00', days: ['sat'] })
    expect(quietHoursOf({ days }, form).days.sat).toEqual([['00:00', '24:00']])
    expect(isWindow('00:00', '00:00')).toBe(true)
    expect([isWindow('09:00', '09:00'), isWindow('', '09:00')]).toEqual([false, false])
  })

  it('keeps different windows until a time is changed', () => {
    const days = {
      mon: [['22:00', '07:00']] as [string, string][],
      sat: [
        ['00:00', '10:00'],
        ['22:00', '24:00'],
      ] as [string, string][],
    }
    const form = formOf({ days })
    expect(form).toMatchObject({ differs: true, days: ['mon', 'sat'] })
    const withSunday = quietHoursOf({ days }, { ...form, days: ['mon', 'sat', 'sun'] })
    expect(windowsOf({ days: withSunday.days })).toEqual([
      ['mon', days.mon],
      ['sat', days.sat],
      ['sun', [['22:00', '07:00']]],
    ])
    const changed = quietHoursOf({ days }, { ...form, from: '23:00', differs: false })
    expect(changed.days.sat).toEqual([['23:00', '07:00']])
  })
})
