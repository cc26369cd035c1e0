import {
  CHANNELS,
  DECIDERS,
  DECISION_OUTCOMES,
  DECISION_REASONS,
  DECISION_STAGES,
  type Decider,
  type DecisionOutcome,
  DecisionReason,
  type DecisionStage,
  type Delivery,
} from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NotificationProgress } from '../store/ports/notifications.ts'
import type { Decision } from './decision.ts'
import { explain, type Facts } from './explain.ts'
import { sentenceOf } from './explain-text.ts'

const T = Date.parse('2026-01-31T09:00:00Z')
const time = (ms: number) => new Date(T + ms).toISOString()

const record = (more: Partial<NotificationProgress> = {}): NotificationProgress => ({
  ...{ tenant: 't', id: 'n', type: 'x', priority: 'normal', acceptedAt: T, fingerprint: 'f', chains: 0 },
  ...{ direct: 1, users: ['ada'], state: 'delivered', recipients: 1 },
  decisions: [{ at: T + 5, stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'system' }],
  ...more,
})

const facts = (more: Partial<Facts> = {}): Facts => ({
  ...{ record: record(), stored: [], passed: [], deliveries: [], received: false, now: T + 3_600_000 },
  ...more,
})

const item = (more: Partial<NonNullable<Facts['item']>> = {}) => ({
  ...{
    createdAt: time(0),
    arrivedAt: time(5),
    receivedAt: null,
    seenAt: null,
    readAt: null,
    archivedAt: null,
  },
  ...more,
})

const delivery = (more: Partial<Delivery>): Delivery => ({
  ...{ notification: 'n', user: 'ada', channel: 'email', step: 0, device: null, state: 'sent', times: {} },
  ...{
    attempts: 1,
    provider: 'smtp-main',
    providerId: null,
    reason: null,
    detail: null,
    nextAttemptAt: null,
  },
  ...more,
})

test('a notification that replaced an item, or was superseded, has no pending steps', () => {
  const waits = {
    at: T + 5,
    stage: 'condition',
    channel: 'email',
    step: 0,
    outcome: 'wait',
    by: 'type',
  } as const
  const planned = record({ decisions: [...(record().decisions ?? []), waits] })
  const decided = { at: T + 9, stage: 'inbox', channel: 'inbox', by: 'sender', path: 'replace' } as const
  const sentence = (decision: Decision) =>
    explain('ada', facts({ record: planned, stored: [decision] })).map(({ text }) => text)
  expect(sentence({ ...decided, outcome: 'pass', reason: 'replaced' })).toEqual([
    expect.stringContaining('recipient'),
    `The inbox item took the place of an earlier one at ${time(9)}, because it replaced the content of an earlier item, and so starts no steps (decided by the sender, replace).`,
  ])
  expect(sentence({ ...decided, outcome: 'skip', reason: 'superseded' })).toEqual([
    expect.stringContaining('recipient'),
    expect.stringContaining('was skipped'),
  ])
})

const words = (found: readonly Decision[]) =>
  found.map(({ stage, channel, step, outcome, by, path, reason }) =>
    [stage, channel, step, outcome, by, path, reason].filter((word) => word !== undefined).join(' '),
  )
const story = (more: Partial<Facts>, user = 'ada') => words(explain(user, facts(more)))

const ADDRESSED = 'audience pass sender to'
const STORED = 'inbox inbox pass system'

describe('the sentence of a decision', () => {
  const decision: Decision = {
    at: T,
    stage: 'condition',
    channel: 'email',
    step: 1,
    outcome: 'skip',
    by: 'system',
  }

  test.each(DecisionReason.options)('says what %s means', (reason) => {
    const text = sentenceOf({ ...decision, reason })
    expect(text).toBe(
      `E-mail (step 1) was skipped at 2026-01-31T09:00:00.000Z, because ${DECISION_REASONS[reason]}.`,
    )
  })

  test('names channel, time, layer and path, and what a provider said', () => {
    expect(
      sentenceOf({
        ...decision,
        stage: 'preference',
        by: 'user',
        path: 'categories.orders.email',
        reason: 'opted_out',
      }),
    ).toBe(
      'E-mail (step 1) was skipped at 2026-01-31T09:00:00.000Z, because the user switched it off (decided by the user, categories.orders.email).',
    )
    expect(
      sentenceOf({
        ...decision,
        stage: 'send',
        outcome: 'failed',
        provider: 'smtp-main',
        detail: 'bounced: 550',
      }),
    ).toBe('E-mail (step 1) failed through smtp-main at 2026-01-31T09:00:00.000Z (bounced: 550).')
    expect(sentenceOf({ ...decision, outcome: 'wait', reason: 'delay', until: T + 60_000 })).toBe(
      'E-mail (step 1) was deferred at 2026-01-31T09:00:00.000Z until 2026-01-31T09:01:00.000Z, because the step has a delay.',
    )
  })

  test('does not repeat that a digest collects it, and distinguishes a pause of messages from a snoozed item', () => {
    const joined = { stage: 'digest', outcome: 'join', reason: 'digest', until: T + 60_000 } as const
    expect(sentenceOf({ ...decision, ...joined, by: 'type', path: 'digest', detail: 'digest d1' })).toBe(
      'E-mail (step 1) joined a digest at 2026-01-31T09:00:00.000Z, which closes at 2026-01-31T09:01:00.000Z (digest d1) (decided by the type, digest).',
    )
    const paused = { stage: 'quiet_hours', outcome: 'wait', reason: 'snoozed', until: T + 60_000 } as const
    expect(sentenceOf({ ...decision, ...paused, by: 'user', path: 'snoozedUntil' })).toBe(
      'E-mail (step 1) was deferred at 2026-01-31T09:00:00.000Z until 2026-01-31T09:01:00.000Z, because the user has paused messages (decided by the user, snoozedUntil).',
    )
  })

  test('is one sentence for every stage, outcome and decider', () => {
    for (const stage of Object.keys(DECISION_STAGES) as DecisionStage[])
      for (const outcome of Object.keys(DECISION_OUTCOMES) as DecisionOutcome[])
        for (const by of Object.keys(DECIDERS) as Decider[])
          expect(sentenceOf({ ...decision, stage, outcome, by })).toMatch(
            /^[A-Z][^\n]+T09:00:00\.000Z[^\n]*\.$/,
          )
  })
})

describe('the story of a recipient', () => {
  test('begins with the address and the item, followed by its state', () => {
    const found = explain('ada', facts({ item: item({ seenAt: time(20), readAt: time(30) }) }))
    expect(words(found)).toEqual([ADDRESSED, STORED])
    expect(found[1]?.text).toBe(
      'The inbox item was stored at 2026-01-31T09:00:00.005Z, seen at 2026-01-31T09:00:00.020Z, read at 2026-01-31T09:00:00.030Z.',
    )
    expect(explain('ada', facts())[1]?.text).toContain('is no longer in the inbox')
  })

  test('of an audience is derived from the item, or from its stored recipient', () => {
    const audience = record({ users: undefined, chains: 8 })
    expect(story({ record: audience, item: item() })).toEqual([ADDRESSED, STORED])
    expect(story({ record: audience, received: true })).toEqual([ADDRESSED, STORED])
  })

  test('does not move the delay of a step that waits for a date', () => {
    const delay: Decision = {
      ...{ at: T + 5, stage: 'condition', channel: 'email', step: 0, outcome: 'wait' },
      ...{ by: 'type', path: 'plan.0.after.from', reason: 'delay', until: T + 60_005 },
    }
    const decisions = [...(record().decisions ?? []), delay]
    const found = explain(
      'ada',
      facts({ record: record({ decisions }), item: item({ arrivedAt: time(1_005) }) }),
    )
    expect(found.at(-1)).toMatchObject({ at: T + 1_005, until: T + 60_005, reason: 'delay' })
  })

  test('moves delays to the time at which the item was stored', () => {
    const delay: Decision = {
      ...{ at: T + 5, stage: 'condition', channel: 'email', step: 0, outcome: 'wait' },
      ...{ by: 'type', path: 'plan.0.after', reason: 'delay', until: T + 60_005 },
    }
    const decisions = [...(record().decisions ?? []), delay]
    const found = explain(
      'ada',
      facts({ record: record({ decisions }), item: item({ arrivedAt: time(1_005) }) }),
    )
    expect(found.at(-1)).toMatchObject({ at: T + 1_005, until: T + 61_005, reason: 'delay' })
  })

  test('names the step that was skipped because the item was read, once', () => {
    const read: Decision = {
      ...{ at: T + 600_000, stage: 'condition', channel: 'email', step: 0, outcome: 'end' },
      ...{ by: 'user', reason: 'read' },
    }
    const skipped = delivery({ state: 'skipped', reason: 'read', times: { skipped: time(600_000) } })
    expect(story({ item: item({ readAt: time(9) }), stored: [read], deliveries: [skipped] })).toEqual([
      ADDRESSED,
      STORED,
      'condition email 0 end user read',
    ])
  })

  test('a template that fails is the fault of the type', () => {
    const detail = '/content/title, line 1: data.x has no value'
    const failed = delivery({
      ...{ state: 'failed', reason: 'template_error', detail },
      times: { queued: time(10), failed: time(20) },
    })
    const found = explain('ada', facts({ deliveries: [failed], item: item() })).at(-1)
    expect(found).toMatchObject({ by: 'type', outcome: 'failed', reason: 'template_error' })
    expect(found?.detail).toBe(`template_error: ${detail}`)
  })

  test('includes a failed SMS and the e-mail sent instead', () => {
    const passed = (channel: 'sms' | 'email', step: number, at: number): Decision => ({
      ...{ at, stage: 'condition', channel, step, outcome: 'pass', by: 'system' },
    })
    const sms = delivery({
      ...{ channel: 'sms', state: 'failed', provider: 'twilio', reason: 'landline', detail: 'a landline' },
      times: { queued: time(10), failed: time(20) },
    })
    const email = delivery({ step: 1, times: { queued: time(30), sent: time(40), delivered: time(50) } })
    const all = { passed: [passed('email', 1, T + 30), passed('sms', 0, T + 10)], deliveries: [email, sms] }
    const found = explain('ada', facts({ ...all, item: item() }))
    expect(words(found)).toEqual([
      ...[ADDRESSED, STORED, 'condition sms 0 pass system', 'send sms 0 failed system'],
      ...['condition email 1 pass system', 'send email 1 sent system'],
    ])
    expect(found[3]).toMatchObject({ provider: 'twilio', detail: 'landline: a landline' })
    expect(found[5]?.text).toContain('sent through smtp-main at 2026-01-31T09:00:00.040Z, delivered at')
  })

  test('includes doubt, retries and each device', () => {
    const doubt = delivery({ state: 'in_doubt', reason: 'interrupted', times: { in_doubt: time(9) } })
    expect(story({ deliveries: [doubt] }).at(-1)).toBe('send email 0 in_doubt system')
    const retry = {
      state: 'queued',
      reason: 'timeout',
      nextAttemptAt: time(90),
      times: { queued: time(9) },
    } as const
    expect(explain('ada', facts({ deliveries: [delivery(retry)] })).at(-1)).toMatchObject({
      ...{ outcome: 'wait', reason: 'retry', until: T + 90, detail: 'timeout' },
    })
    const waits = delivery({ ...retry, attempts: 0, provider: null, reason: 'paced' })
    expect(story({ deliveries: [waits] }).at(-1)).toBe('send email 0 wait system queued')
    const devices = ['phone', 'laptop'].map((device) =>
      delivery({ channel: 'push', device, times: { sent: time(9) } }),
    )
    const pass: Decision = {
      at: T + 6,
      stage: 'condition',
      channel: 'push',
      step: 0,
      outcome: 'pass',
      by: 'system',
    }
    const found = explain('ada', facts({ deliveries: devices, passed: [{ ...pass, at: T + 8 }, pass] }))
    expect(words(found)).toEqual([
      ...[ADDRESSED, STORED, 'condition push 0 pass system'],
      ...['send push 0 sent system', 'send push 0 sent system'],
    ])
    expect(found[2]?.at).toBe(T + 6)
  })

  test('ends with the reason why the notification ended', () => {
    expect(story({ record: record({ state: 'cancelled', cancelledAt: T + 99 }), item: item() })).toEqual([
      ...[ADDRESSED, STORED, 'condition end sender cancelled'],
    ])
    expect(story({ record: record({ expiresAt: T + 60_000 }) })).toEqual([
      ...[ADDRESSED, STORED, 'inbox inbox end sender expiresAt expired'],
    ])
  })

  test('of a one-time password, which has no record, is that of its deliveries', () => {
    const sent = delivery({ channel: 'sms', times: { sent: time(9) } })
    expect(story({ record: undefined, deliveries: [sent] })).toEqual(['send sms 0 sent system'])
  })
})

describe('the story of a user without the notification', () => {
  const excluded: Decision = {
    ...{ at: T + 3, stage: 'audience', outcome: 'end', by: 'sender', path: 'exclude', reason: 'excluded' },
  }

  test('is the decision against the user', () => {
    expect(story({ stored: [excluded] }, 'bob')).toEqual(['audience end sender exclude excluded'])
    const erased: Decision = { at: T + 3, stage: 'audience', outcome: 'end', by: 'tenant', reason: 'erased' }
    const skipped = [
      delivery({
        channel: 'inbox',
        step: null,
        state: 'skipped',
        reason: 'erased',
        times: { skipped: time(3) },
      }),
      delivery({ state: 'skipped', reason: 'erased', times: { skipped: time(3) } }),
    ]
    const absent = record({ users: [], absent: ['bob'] })
    expect(story({ record: absent, stored: [erased], deliveries: skipped }, 'bob')).toEqual([
      'audience end tenant erased',
    ])
  })

  test('says that the user was never addressed', () => {
    expect(story({}, 'eve')).toEqual(['audience end sender to not_recipient'])
    expect(explain('eve', facts())[0]?.text).toBe(
      'Everything for the user was skipped at 2026-01-31T09:00:00.000Z, because it was not addressed to the user (decided by the sender, to).',
    )
    const large = facts({ record: record({ users: undefined, chains: 8 }), received: undefined })
    expect(explain('eve', large)[0]?.text).toContain('or the user has deleted one of very many items')
  })

  test('says that it is not delivered yet', () => {
    const waiting = { users: undefined, decisions: undefined, direct: 0, absent: ['ada'] }
    const deliverAt = T + 60_000
    const scheduled = record({ ...waiting, state: 'scheduled', deliverAt })
    for (const user of ['ada', 'eve'])
      expect(story({ record: scheduled, now: T + 9 }, user)).toEqual([
        'audience wait sender deliverAt scheduled',
      ])
    // Its time has come, but its recipients are not looked up yet.
    expect(story({ record: { ...scheduled, state: 'delivered' } })).toEqual([
      ...['audience wait sender deliverAt scheduled', 'audience wait system delivering'],
    ])
    const cancelled = record({ ...waiting, deliverAt, state: 'cancelled', cancelledAt: T + 9 })
    expect(story({ record: cancelled })).toEqual([
      ...['audience wait sender deliverAt scheduled', 'audience end sender cancelled'],
    ])
  })

  test('of a fan-out that is not finished says so, and only to those whom it has not reached', () => {
    const unfinished = record({ users: undefined, chains: 8, state: 'delivering' })
    expect(story({ record: unfinished }, 'eve')).toEqual(['audience wait system delivering'])
    expect(story({ record: unfinished, item: item() }, 'ada')).toEqual([ADDRESSED, STORED])
  })

  test('of a notification that ended for all users consists of that decision', () => {
    const expired: Decision = { at: T, stage: 'audience', outcome: 'end', by: 'sender', reason: 'expired' }
    const over = record({
      users: [],
      absent: ['ada'],
      decisions: undefined,
      state: 'expired',
      expiresAt: T - 1,
    })
    for (const user of ['ada', 'eve'])
      expect(story({ record: over, stored: [expired] }, user)).toEqual(['audience end sender expired'])
    // Who had it before keeps it.
    const cancelled: Decision = { ...expired, at: T + 50, reason: 'cancelled' }
    const half = record({ users: undefined, chains: 8, state: 'cancelled', cancelledAt: T + 40 })
    expect(story({ record: half, stored: [cancelled], item: item() })).toEqual([
      ...[ADDRESSED, STORED, 'audience end sender cancelled'],
    ])
  })

  test('without items at all says so', () => {
    const skip: Decision = {
      ...{
        at: T + 5,
        stage: 'inbox',
        channel: 'inbox',
        outcome: 'skip',
        by: 'type',
        path: 'inbox',
        reason: 'no_item',
      },
    }
    expect(story({ record: record({ decisions: [skip], absent: ['ada'] }) })).toEqual([
      ...[ADDRESSED, 'inbox inbox skip type inbox no_item'],
    ])
    // A member of an audience has a row of their own.
    const audience = record({ decisions: [skip], users: undefined, chains: 8 })
    expect(story({ record: audience, stored: [skip] })).toEqual([
      ...[ADDRESSED, 'inbox inbox skip type inbox no_item'],
    ])
  })
})

const anyDecision: fc.Arbitrary<Decision> = fc.record(
  {
    at: fc.integer({ min: T, max: T + 100 }),
    stage: fc.constantFrom(...(Object.keys(DECISION_STAGES) as DecisionStage[])),
    outcome: fc.constantFrom(...(Object.keys(DECISION_OUTCOMES) as DecisionOutcome[])),
    by: fc.constantFrom(...(Object.keys(DECIDERS) as Decider[])),
    channel: fc.constantFrom('inbox' as const, ...CHANNELS),
    step: fc.integer({ min: 0, max: 9 }),
    path: fc.constantFrom('to', 'plan.0.when'),
    reason: fc.constantFrom(...DecisionReason.options),
    until: fc.integer({ min: T, max: T + 100 }),
  },
  { requiredKeys: ['at', 'stage', 'outcome', 'by'] },
)

test('no stored decision is lost, whatever else is known, and the story is in order of time', () => {
  const anyFacts = fc.record({
    stored: fc.array(anyDecision, { maxLength: 8 }),
    passed: fc.array(anyDecision, { maxLength: 4 }),
    item: fc.option(fc.constant(item()), { nil: undefined }),
    received: fc.constantFrom(true, false, undefined),
    record: fc.constantFrom(
      undefined,
      record(),
      record({ users: undefined, chains: 8, state: 'delivering' }),
      record({ state: 'cancelled', cancelledAt: T + 50 }),
      record({ state: 'scheduled', deliverAt: T + 50, decisions: undefined }),
    ),
    deliveries: fc.array(
      fc.constantFrom(
        delivery({ state: 'failed', times: { failed: time(9) } }),
        delivery({ state: 'skipped', reason: 'read', times: { skipped: time(9) } }),
      ),
      { maxLength: 2 },
    ),
  })
  fc.assert(
    fc.property(anyFacts, (known) => {
      const found = explain('ada', facts(known))
      for (const decision of known.stored)
        expect(found).toContainEqual(expect.objectContaining({ ...decision, text: expect.any(String) }))
      for (const { stage, outcome, channel, step } of known.passed)
        expect(found.map((one) => [one.stage, one.outcome, one.channel, one.step])).toContainEqual([
          ...[stage, outcome, channel, step],
        ])
      expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((one, other) => one - other))
    }),
  )
})
