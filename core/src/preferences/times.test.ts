import { expect, test } from 'vitest'
import { timesIn } from './times.ts'

const NOW = Date.parse('2026-07-01T12:00:00Z')
const NIGHT = { days: { mon: [['22:00', '07:00'] as [string, string]] } }
const NOON = { timezone: 'Asia/Tokyo', days: { tue: [['12:00', '13:00'] as [string, string]] } }

test('without choices and defaults, digests leave at 9 on Monday, and nothing is quiet', () => {
  expect(timesIn({}, NOW)).toEqual({ digest: { hour: 9, day: 'mon' }, by: { digest: 'system' } })
})

test('the later snooze of both documents counts, unless it is past', () => {
  const [soon, late, past] = ['2026-07-01T13:00:00Z', '2026-07-01T16:00:00+02:00', '2026-07-01T12:00:00Z']
  const snooze = (user: string, userContext: string) => {
    const { snoozedUntil, by } = timesIn(
      { user: { snoozedUntil: user }, userContext: { snoozedUntil: userContext } },
      NOW,
    )
    return [snoozedUntil, by.snoozedUntil]
  }
  expect(snooze(soon, late)).toEqual([late, 'user_context'])
  expect(snooze(late, soon)).toEqual([late, 'user'])
  expect(snooze(soon, past)).toEqual([soon, 'user'])
  expect(snooze(past, past)).toEqual([undefined, undefined])
})

test('quiet hours are those of one document as a whole', () => {
  const layers = { context: { quietHours: NIGHT }, tenant: { quietHours: NOON } }
  expect(timesIn(layers, NOW)).toMatchObject({ quietHours: NIGHT, by: { quietHours: 'context' } })
  expect(timesIn({ ...layers, user: { quietHours: NOON } }, NOW)).toMatchObject({
    quietHours: NOON,
    by: { quietHours: 'user' },
  })
  const none = { days: { mon: [] } }
  expect(timesIn({ ...layers, user: { quietHours: NOON }, userContext: { quietHours: none } }, NOW)).toEqual({
    quietHours: none,
    digest: { hour: 9, day: 'mon' },
    by: { quietHours: 'user_context', digest: 'system' },
  })
})

test("the user's digest time is that of one document; defaults fill what it leaves open", () => {
  const defaults = {
    context: { digest: { day: 'fri' } },
    tenant: { digest: { hour: 7, day: 'sun' } },
  } as const
  const of = (layers: Parameters<typeof timesIn>[0]) => {
    const { digest, by } = timesIn({ ...defaults, ...layers }, NOW)
    return [digest.hour, digest.day, by.digest]
  }
  expect(of({})).toEqual([7, 'fri', 'context'])
  expect(of({ user: { digest: { hour: 20, day: 'tue' } } })).toEqual([20, 'tue', 'user'])
  expect(of({ user: { digest: { hour: 20, day: 'tue' } }, userContext: { digest: { hour: 6 } } })).toEqual([
    6,
    'fri',
    'user_context',
  ])
})
