import type { Plan } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { dueAt } from '../delivery/step.ts'
import { planTimeFaults } from './plan-time-faults.ts'
import { timedPlan } from './timed-plan.ts'

const START = Date.parse('2026-12-01T09:00:00Z')
const step = (from: string, offset?: string): Plan[number] => ({
  ...{ channel: 'email', when: 'unread', after: { from, ...(offset && { offset }) } },
})
const data = {
  startsAt: '2026-12-03T10:00:00+01:00',
  day: '2026-12-05',
  past: '2026-12-01T08:59:59Z',
  __proto__: null,
}

test('steps get the instants of their dates, and none if that has passed', () => {
  const plan = [
    { channel: 'push', when: 'always', after: 60 } as const,
    step('data.startsAt', '-PT1H'),
    step('data.day', '-P1D'),
    step('data.past'),
  ]
  const timed = timedPlan(plan, data, 'Europe/Berlin', START)
  expect(timed.map(({ after }) => after)).toEqual([
    60,
    { at: Date.parse('2026-12-03T08:00:00Z') },
    { at: Date.parse('2026-12-03T23:00:00Z') },
    0,
  ])
  expect(dueAt({ at: START, plan: timed, index: 1 })).toBe(Date.parse('2026-12-03T08:00:00Z'))
  const later = Date.parse('2026-12-04T00:00:00Z')
  expect(dueAt({ at: later, plan: timed, index: 1 })).toBe(later)
})

test('a plan without dates is returned as it is', () => {
  const plan: Plan = [{ channel: 'push', when: 'always', after: 60 }]
  expect(timedPlan(plan, data, 'UTC', START)).toBe(plan)
})

test.each(['data.none', 'data.constructor', 'data.__proto__', 'data.startsAt.length'])(
  '%s is no date of the data',
  (from) => {
    const sent = { notification: { plan: [step(from)], data } }
    expect(planTimeFaults(sent, { zone: 'UTC', start: START })).toMatchObject([
      { path: ['plan', 0, 'after'] },
    ])
  },
)

test('a date may lie 30 days after the start of the plan, and one of the type is a fault of the data', () => {
  const fault = (days: number) => {
    const at = new Date(START + days * 86_400_000).toISOString()
    const type = { plan: [step('data.at')] }
    return planTimeFaults({ notification: { data: { at } }, type }, { zone: 'UTC', start: START })
  }
  expect(fault(30)).toEqual([])
  expect(fault(31)).toEqual([
    {
      path: ['data', 'at'],
      message: "step 0 of the type's plan: must be at most 30 days after the start of the plan",
    },
  ])
})
