import type { Step } from '@carillon/core/delivery/step'
import { deliveryKey, planKey } from '@carillon/core/delivery/step'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { scheduleSubject } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { consequences } from './consequences.ts'
import type { Ending } from './ending.ts'
import { split } from './split-destinations.ts'

const NOW = Date.UTC(2026, 0, 31, 9)
const TIMES = { begun: NOW - 50, now: NOW }
const AT = NOW + 60_000

const sms: Step['plan'][number] = { channel: 'sms', when: 'always', after: 0 }
const email: Step['plan'][number] = { channel: 'email', when: 'failed', after: 3_600 }

const stepOf = (more: Partial<Step> = {}): Step => ({
  tenant: 'acme',
  user: 'ada',
  notification: 'n1',
  item: '019c1d3e-0000-7000-8000-000000000000',
  type: 'bill.due',
  priority: 'normal',
  at: NOW - 1_000,
  expiresAt: NOW + 86_400_000,
  plan: [sms, email],
  index: 0,
  toAudience: false,
  destination: '',
  ...more,
})

/** The position of a step in its plan and among its attempts, and its priority. */
const STEPS: Record<string, Step> = {
  'the first step': stepOf(),
  'the last step': stepOf({ index: 1, failed: true }),
  'a critical step': stepOf({ priority: 'critical' }),
  'a retry': stepOf({ attempt: 3, since: NOW - 30_000 }),
  'a critical retry': stepOf({ priority: 'critical', attempt: 2, since: NOW - 2_000 }),
  'the retry of the last step': stepOf({ index: 1, failed: true, attempt: 2, since: NOW - 30_000 }),
  'a step that waited': stepOf({ queued: true }),
  'one device of several': stepOf({ destination: 'phone' }),
}

const WHY = { reason: 'mailbox_full', detail: '452' }
const account = 'main'
const DECISION = { at: NOW, stage: 'condition', channel: 'sms', step: 0, by: 'user' } as const
const ENDINGS: Record<string, Ending> = {
  sent: { ending: 'sent', account, providerId: 'SM1', reports: true },
  'sent without reports': { ending: 'sent', account, reports: false },
  retry: { ending: 'retry', account, at: AT, ...WHY },
  refused: { ending: 'refused', account, ...WHY },
  'refused, for the device is gone': { ending: 'refused', account, forget: 'device', ...WHY },
  'refused, for it bounced': {
    ending: 'refused',
    account,
    forget: 'bounce',
    address: 'ada@example.org',
    ...WHY,
  },
  exhausted: { ending: 'exhausted', account, ...WHY },
  'in doubt': { ending: 'in_doubt', account, ...WHY },
  'in doubt, for its process died': { ending: 'in_doubt', ...WHY },
  'waiting for a permit': { ending: 'waiting', for: 'permit', at: AT, ...WHY },
  'waiting for a breaker': { ending: 'waiting', for: 'breaker', at: AT, account, begun: false, ...WHY },
  'waiting for a provider that is down': {
    ending: 'waiting',
    for: 'breaker',
    at: AT,
    account,
    begun: true,
    ...WHY,
  },
  'waiting for its condition': {
    ending: 'waiting',
    for: 'condition',
    decision: { ...DECISION, outcome: 'wait', until: AT, reason: 'online' },
  },
  'skipped, for it is not wanted': {
    ending: 'skipped',
    decision: { ...DECISION, outcome: 'end', reason: 'read' },
  },
  'skipped, for it reaches nobody': {
    ending: 'skipped',
    decision: { ...DECISION, stage: 'send', outcome: 'skip', reason: 'no_address' },
  },
  'taken by another process': { ending: 'taken', until: AT },
  'taken and done': { ending: 'taken' },
  'taken and failed': { ending: 'taken', failed: 'landline' },
}

const every = Object.entries(ENDINGS).flatMap(([name, ending]) =>
  Object.entries(STEPS).map(([place, step]) => ({ name, ending, place, step })),
)
const of = (ending: Ending, step: Step) => consequences(step, ending, TIMES)
const messageOf = ({ data }: OutgoingMessage) => JSON.parse(Buffer.from(data).toString()) as Step
const lastChange = (ending: Ending, step: Step) => of(ending, step).changes.at(-1)
const isFirst = ({ attempt, queued }: Step) => attempt === undefined && !queued
const isLast = ({ plan, index }: Step) => index === plan.length - 1

describe.each(every)('$place, $name', ({ ending, step }) => {
  test('changes the ledger of this destination only, and records the states before its first change', () => {
    const { changes } = of(ending, step)
    for (const change of changes)
      expect(change).toMatchObject({
        notification: 'n1',
        user: 'ada',
        step: step.index,
        channel: step.plan[step.index]?.channel,
        device: step.destination,
      })
    const states = changes.map(({ state }) => state)
    const skipped = ending.ending === 'skipped'
    if (changes.length === 0 || !isFirst(step)) expect(states).not.toContain('requested')
    else expect(states.slice(0, -1)).toEqual(skipped ? ['requested'] : ['requested', 'queued'])
    if (changes.length > 0 && isFirst(step)) expect(changes[0]?.at).toBe(step.at)
  })

  test('schedules the step at most once', () => {
    const { messages } = of(ending, step)
    const later = ending.ending === 'retry' || ending.ending === 'waiting' || 'until' in ending
    expect(messages).toHaveLength(later ? 1 : 0)
    for (const message of messages) expect(message.schedule?.at).toBe(AT)
  })

  test('leads to the next step or a dead letter only if it failed', () => {
    const nothing =
      ending.ending === 'refused' ||
      ending.ending === 'exhausted' ||
      (ending.ending === 'skipped' && ending.decision.stage === 'send') ||
      (ending.ending === 'taken' && 'failed' in ending)
    const { failed } = of(ending, step)
    expect(failed !== undefined).toBe(nothing)
    if (!failed) return
    const [message, ...more] = failed.messages
    expect(more).toEqual([])
    if (!isLast(step)) {
      expect(failed.dead).toBeUndefined()
      expect(message?.schedule).toEqual({ at: NOW, key: planKey(step) })
      expect(message?.dedupe).toBeDefined()
      expect(messageOf(message!)).toMatchObject({
        index: step.index + 1,
        failed: true,
        priority: step.priority,
      })
      for (const gone of ['destination', 'attempt', 'since', 'queued'])
        expect(messageOf(message!)).not.toHaveProperty(gone)
      return
    }
    expect(message).toBeUndefined()
    const silent = ending.ending === 'skipped' || ('forget' in ending && ending.forget === 'device')
    expect(failed.dead?.code).toBe(silent ? undefined : 'undeliverable')
  })

  test('is the same for the same step and ending', () => {
    expect(of(ending, step)).toEqual(of(ending, step))
  })
})

describe('a step that was sent', () => {
  test.each(Object.entries(STEPS))('is recorded with its attempt: %s', (_, step) => {
    const attempt = step.attempt ?? 1
    expect(lastChange(ENDINGS.sent!, step)).toMatchObject({
      ...{ state: 'sent', at: NOW, attempt, provider: 'main', providerId: 'SM1' },
    })
    expect(of(ENDINGS.sent!, step).remember).toEqual({ account, id: 'SM1', step, at: NOW })
  })

  test('is remembered only if the provider sends reports and returned an id', () => {
    expect(of({ ...ENDINGS.sent, reports: false } as Ending, stepOf()).remember).toBeUndefined()
    expect(of({ ending: 'sent', account, reports: true }, stepOf()).remember).toBeUndefined()
  })
})

describe('a step that is retried', () => {
  test('has the next attempt number and the time of the first attempt', () => {
    const [first] = of(ENDINGS.retry!, stepOf()).messages
    expect(messageOf(first!)).toMatchObject({ attempt: 2, since: NOW })
    const [third] = of(ENDINGS.retry!, STEPS['a retry']!).messages
    expect(messageOf(third!)).toMatchObject({ attempt: 4, since: NOW - 30_000 })
  })

  test('records the reason and the time of the next attempt', () => {
    expect(lastChange(ENDINGS.retry!, stepOf())).toMatchObject({ state: 'queued', ...WHY, nextAttempt: AT })
  })
})

describe('a step that waits', () => {
  test('for a permit changes the ledger only the first time', () => {
    expect(lastChange(ENDINGS['waiting for a permit']!, stepOf())).toMatchObject({ ...WHY, nextAttempt: AT })
    expect(of(ENDINGS['waiting for a permit']!, STEPS['a step that waited']!).changes).toEqual([])
  })

  test('keeps its attempt; only a provider that is down uses up the retry window', () => {
    const waits = (name: string, step: Step) => messageOf(of(ENDINGS[name]!, step).messages[0]!)
    for (const name of ['waiting for a permit', 'waiting for a breaker']) {
      expect(waits(name, stepOf())).toMatchObject({ queued: true })
      expect(waits(name, stepOf())).not.toHaveProperty('since')
    }
    expect(waits('waiting for a provider that is down', stepOf())).toMatchObject({ queued: true, since: NOW })
    const retry = STEPS['a retry']!
    expect(waits('waiting for a provider that is down', retry)).toMatchObject({
      attempt: 3,
      since: NOW - 30_000,
    })
  })

  test('for its condition is scheduled unchanged', () => {
    const step = stepOf()
    expect(messageOf(of(ENDINGS['waiting for its condition']!, step).messages[0]!)).toEqual(step)
  })
})

test.each(every)('$place, $name: records the decision', ({ ending, step }) => {
  const { decision } = of(ending, step)
  expect(decision).toEqual(
    'decision' in ending
      ? { notification: 'n1', user: 'ada', toAudience: false, decision: ending.decision }
      : undefined,
  )
})

test("the check on another process's attempt does not replace the next attempt", () => {
  const step = stepOf()
  const keyOf = (name: string) => of(ENDINGS[name]!, step).messages[0]?.schedule?.key
  expect(keyOf('retry')).toBe(scheduleSubject('acme', 'retry', `step-${deliveryKey(step, '')}`))
  expect(keyOf('taken by another process')).toBe(
    scheduleSubject('acme', 'retry', `look-${deliveryKey(step, '')}`),
  )
})

describe('a step that was refused', () => {
  test('removes a device that is gone', () => {
    const { gone, suppression } = of(
      ENDINGS['refused, for the device is gone']!,
      stepOf({ destination: 'phone' }),
    )
    expect([gone, suppression]).toEqual([{ user: 'ada', device: 'phone' }, undefined])
  })

  test('suppresses an address that bounced, for its channel', () => {
    expect(of(ENDINGS['refused, for it bounced']!, STEPS['the last step']!).suppression).toEqual({
      ...{ channel: 'email', address: 'ada@example.org', reason: 'bounce', source: 'main' },
      at: new Date(NOW).toISOString(),
    })
  })
})

test('dead letters state the reason', () => {
  const last = STEPS['the last step']!
  const detail = (name: string) => of(ENDINGS[name]!, last).failed?.dead?.detail
  expect(detail('refused')).toBe('mailbox_full: 452')
  expect(detail('exhausted')).toBe('email: mailbox_full: 452')
  expect(detail('taken and failed')).toBe('email: landline')
})

test('a step with several destinations is split into one for each', () => {
  const { destination: _, ...step } = stepOf()
  const { changes, messages } = split(step, ['phone', 'tablet'], TIMES)
  expect(changes.map(({ device, state }) => `${device} ${state}`)).toEqual([
    ...['phone requested', 'phone queued', 'tablet requested', 'tablet queued'],
    ...['phone queued', 'tablet queued'],
  ])
  expect(messages.map(messageOf)).toEqual([
    { ...step, destination: 'phone' },
    { ...step, destination: 'tablet' },
  ])
  expect(new Set(messages.map(({ dedupe }) => dedupe)).size).toBe(2)
})
