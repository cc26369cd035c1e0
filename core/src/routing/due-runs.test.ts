import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DueRun, LATE_RUN_MS, runsDue } from './due-runs.ts'

const at = (text: string) => Date.parse(text)
const shown = (runs: readonly DueRun[]) =>
  runs.map((run) =>
    [run.local ?? new Date(run.at).toISOString().slice(0, 16), run.late].filter(Boolean).join(' '),
  )
const due = (schedule: Parameters<typeof runsDue>[0], after: string, now: string) =>
  shown(runsDue(schedule, at(after), at(now)))
const hourly = { cron: '0 * * * *' }

describe('runs that are due', () => {
  test('one that is on time runs, whatever missed is', () => {
    for (const missed of [undefined, 'once', 'skip'] as const) {
      const schedule = { ...hourly, ...(missed && { missed }) }
      expect(due(schedule, '2026-07-01T08:00Z', '2026-07-01T09:00:59Z')).toEqual(['2026-07-01T09:00'])
      expect(due(schedule, '2026-07-01T09:00Z', '2026-07-01T09:00:59Z')).toEqual([])
      expect(due(schedule, '2026-07-01T08:00Z', '2026-07-01T08:59:59Z')).toEqual([])
    }
  })

  test('missed ones run once, or are skipped', () => {
    expect(due(hourly, '2026-07-01T08:00Z', '2026-07-03T12:30Z')).toEqual(['2026-07-03T12:00'])
    expect(due({ ...hourly, missed: 'skip' }, '2026-07-01T08:00Z', '2026-07-03T12:30Z')).toEqual([])
    expect(due(hourly, '2026-07-01T08:00Z', '2026-07-03T12:00Z')).toEqual(['2026-07-03T12:00'])
    expect(
      due({ ...hourly, until: '2026-07-01T10:30:00Z' }, '2026-07-01T08:00Z', '2026-07-03T12:00Z'),
    ).toEqual(['2026-07-01T10:00'])
  })

  test('of every minute, all that are on time run', () => {
    expect(due({ cron: '* * * * *' }, '2026-07-01T08:00Z', '2026-07-01T08:05Z')).toEqual([
      '2026-07-01T08:04',
      '2026-07-01T08:05',
    ])
  })
})

describe('local runs that are due', () => {
  const daily = { cron: '0 9 * * *', local: true } as const

  test('one that is on time is for everybody', () => {
    expect(due(daily, '2026-06-30T19:00Z', '2026-07-01T19:00Z')).toEqual(['2026-07-02T09:00 now'])
    expect(due({ ...daily, missed: 'skip' }, '2026-06-30T19:00Z', '2026-07-01T19:00Z')).toEqual([
      '2026-07-02T09:00 skip',
    ])
  })

  test('those that still lie ahead for somebody run, and one of them is made up for', () => {
    const after = ['2026-06-25T19:00Z', '2026-07-02T20:00Z'] as const
    expect(due(daily, ...after)).toEqual(['2026-07-02T09:00 skip', '2026-07-03T09:00 now'])
    expect(due({ ...daily, missed: 'skip' }, ...after)).toEqual([
      '2026-07-02T09:00 skip',
      '2026-07-03T09:00 skip',
    ])
  })

  test('one that has passed everywhere is made up for, or skipped', () => {
    const weekly = { cron: '0 9 * * mon', local: true } as const
    const after = ['2026-06-25T00:00Z', '2026-07-02T00:00Z'] as const
    expect(due(weekly, ...after)).toEqual(['2026-06-29T09:00 now'])
    expect(due({ ...weekly, missed: 'skip' }, ...after)).toEqual([])
  })
})

const schedules = fc.record(
  {
    cron: fc.constantFrom(
      '* * * * *',
      '*/7 * * * *',
      '30 2 * * *',
      '0 9 L * *',
      '0 0 * * mon',
      '15 */5 31 * *',
    ),
    timezone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
    missed: fc.constantFrom('once' as const, 'skip' as const),
  },
  { requiredKeys: ['cron'] },
)

test('whatever the interruptions, no run is sent twice, and none that is on time is lost', () => {
  const start = at('2026-03-07T00:00Z')
  fc.assert(
    fc.property(
      schedules,
      fc.array(fc.integer({ min: 1, max: 40_000_000 }), { maxLength: 12 }),
      (schedule, pauses) => {
        const sent: number[] = []
        const onTime: number[] = []
        let after = start
        for (const pause of pauses) {
          const now = after + pause
          sent.push(...runsDue(schedule, after, now).map((run) => run.at))
          onTime.push(
            ...runsDue({ ...schedule, missed: 'skip' }, Math.max(after, now - LATE_RUN_MS), now).map(
              (run) => run.at,
            ),
          )
          after = now
        }
        expect(sent).toEqual([...new Set(sent)].sort((one, other) => one - other))
        for (const run of onTime) expect(sent).toContain(run)
      },
    ),
    { numRuns: 50 },
  )
})
