import { expect, test } from 'vitest'
import type { Step, TimedPlan } from '../delivery/step.ts'
import { GRACE_MS } from '../live/port.ts'
import { type Simulated, type SimulationInput, simulate } from './simulate.ts'
import { stepFailure } from './template-failure.ts'

const AT = Date.parse('2026-01-31T09:00:00Z')

const first = (plan: TimedPlan, more: Partial<Step> = {}): Step => ({
  ...{ tenant: 'acme', user: 'ada', notification: 'n', item: 'i', type: 'order.shipped', priority: 'normal' },
  ...{ at: AT, expiresAt: AT + 1e9, plan, index: 0, toAudience: false },
  ...more,
})
const known = (more: Partial<SimulationInput> = {}): SimulationInput => ({
  presence: 'away',
  preference: () => ({ outcome: 'pass', pace: true, by: 'system' }),
  times: () => ({ zone: 'UTC', digest: { hour: 9, day: 'mon' }, by: { digest: 'system' } }),
  digest: () => undefined,
  unmet: () => undefined,
  sending: async () => [],
  ...more,
})
const told = (decisions: readonly Simulated[]) =>
  decisions.map(({ step, stage, outcome, reason, at }) => [step, stage, outcome, reason, (at - AT) / 1_000])

const push = { channel: 'push', when: 'offline', after: 0 } as const
const mail = { channel: 'email', when: 'unread', after: 600 } as const
const sms = { channel: 'sms', when: 'always', after: 0 } as const
const instead = { channel: 'email', when: 'failed', after: 0 } as const

test('each step is decided at its time', async () => {
  expect(told(await simulate(first([push, mail]), known()))).toEqual([
    [0, 'condition', 'pass', undefined, 0],
    [1, 'condition', 'pass', undefined, 600],
  ])
})

test('the app of a connected user acknowledges the item', async () => {
  expect(told(await simulate(first([push, mail]), known({ presence: 'here' })))).toEqual([
    [0, 'condition', 'skip', 'delivered', GRACE_MS / 1_000],
    [1, 'condition', 'pass', undefined, 600],
  ])
})

test('a step that a preference leaves out is replaced at once by a step for failures', async () => {
  const off = { outcome: 'skip', pace: true, by: 'user', path: 'channels.sms', reason: 'opted_out' } as const
  const preference: SimulationInput['preference'] = (channel) =>
    channel === 'sms' ? off : { outcome: 'pass', pace: true, by: 'system' }
  expect(told(await simulate(first([sms, instead, mail]), known({ preference })))).toEqual([
    [0, 'preference', 'skip', 'opted_out', 0],
    [1, 'condition', 'pass', undefined, 0],
    [2, 'condition', 'pass', undefined, 600],
  ])
})

const nobody: SimulationInput['sending'] = async (step, now) =>
  step.index === 0
    ? [
        {
          ...{ at: now, stage: 'send', channel: 'sms', step: 0, outcome: 'skip', by: 'user' },
          reason: 'no_address',
        },
      ]
    : []

test('a step that reaches nobody makes the next one due at once', async () => {
  expect(told(await simulate(first([sms, mail]), known({ sending: nobody })))).toEqual([
    [0, 'condition', 'pass', undefined, 0],
    [0, 'send', 'skip', 'no_address', 0],
    [1, 'condition', 'pass', undefined, 0],
  ])
})

test('a step that fails makes the next one due at once, and a step for failures too', async () => {
  const fault = { pointer: '/content/title', line: 1, message: 'data.x has no value', name: 'data.x' }
  const sending: SimulationInput['sending'] = async (step, now) =>
    step.index === 0 ? [stepFailure(step, fault, now)] : []
  expect(told(await simulate(first([sms, instead, mail]), known({ sending })))).toEqual([
    [0, 'condition', 'pass', undefined, 0],
    [0, 'send', 'failed', 'template_error', 0],
    [1, 'condition', 'pass', undefined, 0],
    [2, 'condition', 'pass', undefined, 600],
  ])
})

test('a step that leaves out a copy is sent', async () => {
  const sending: SimulationInput['sending'] = async (step, now) => [
    {
      ...{ at: now, stage: 'send', channel: 'sms', step: step.index, outcome: 'pass', by: 'sender' },
      reason: 'copy_suppressed',
    },
  ]
  expect(told(await simulate(first([sms, instead]), known({ sending })))).toEqual([
    [0, 'condition', 'pass', undefined, 0],
    [0, 'send', 'pass', 'copy_suppressed', 0],
  ])
})

test('without an item, offline waits for a user who has just left', async () => {
  const step = first([push], { item: undefined, content: {} as never })
  expect(told(await simulate(step, known({ presence: 'left' })))).toEqual([
    [0, 'condition', 'wait', 'online', 0],
    [0, 'condition', 'pass', undefined, GRACE_MS / 1_000],
  ])
})

test('a step that joins a digest, or waits for the end of quiet hours, is not followed; the next one is', async () => {
  const times: SimulationInput['times'] = (now) => ({
    ...known().times(now),
    snoozedUntil: new Date(AT + 3_600_000).toISOString(),
    by: { digest: 'system', snoozedUntil: 'user' },
  })
  const digest: SimulationInput['digest'] = ({ index }) =>
    index === 0 ? { rule: { window: 60 }, key: '', by: 'type', path: 'digest' } : undefined
  const decisions = await simulate(first([sms, mail]), known({ times, digest }))
  expect(told(decisions)).toEqual([
    [0, 'digest', 'join', 'digest', 0],
    [1, 'quiet_hours', 'wait', 'snoozed', 600],
  ])
  expect(decisions[1]).toMatchObject({ by: 'user', path: 'snoozedUntil', until: AT + 3_600_000 })
  expect(decisions.some((decision) => 'window' in decision)).toBe(false)
})
