import type { Step } from '@carillon/core/delivery/step'
import type { Priority } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { OpenAccount } from './accounts.ts'
import type { Candidate } from './candidate.ts'
import { endingOf, endingOfDecision } from './ending-of.ts'
import type { Result } from './failover.ts'
import { scripted } from './testing/scripted.ts'

const NOW = Date.UTC(2026, 0, 31, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const candidate = (more: { repeatable?: boolean; reports?: boolean; attempts?: number } = {}): Candidate => {
  const { provider } = scripted('text', ['sms'], { needs: 'phone', repeatable: more.repeatable ?? false })
  if (more.reports) provider.callback = async () => ({ reports: [] })
  const account: OpenAccount = {
    account: { id: 'main', provider: 'text', channels: ['sms'], order: 1, config: {} },
    provider,
    upstream: () => {
      throw new Error('nothing is sent')
    },
    ...(more.attempts === undefined ? {} : { retry: { attempts: more.attempts } }),
  }
  return { account, address: { kind: 'phone', phone: '+351911111111' } }
}

const stepOf = (more: Partial<Step> = {}): Step => ({
  ...{
    tenant: 'acme',
    user: 'ada',
    notification: 'n1',
    item: 'i1',
    type: 'bill',
    priority: 'normal',
    index: 0,
  },
  ...{ at: NOW, expiresAt: NOW + 90 * 24 * HOUR, toAudience: false, destination: '' },
  plan: [{ channel: 'sms', when: 'always', after: 0 }],
  ...more,
})
const FALLBACK = stepOf({
  plan: [
    { channel: 'sms', when: 'always', after: 0 },
    { channel: 'email', when: 'failed', after: 0 },
  ],
})

const end = (step: Step, result: Result<Candidate>) =>
  endingOf(step, result, { retries: {}, now: NOW, random: () => 1 })
const WHY = { reason: 'provider_error', detail: 'HTTP 503' }
const failed = (free = NOW, by = candidate()): Result<Candidate> => ({
  ...{ result: 'failed', candidate: by, failure: { outcome: 'retry', ...WHY }, free },
})
const doubt = (by: Candidate): Result<Candidate> => ({
  ...{ result: 'in_doubt', candidate: by, failure: { outcome: 'doubt', ...WHY } },
})
const paused = (cause: 'limited' | 'down', free: number): Result<Candidate> => ({
  result: 'paused',
  candidate: candidate(),
  pause: { outcome: 'paused', at: free, cause, failure: { outcome: 'retry', ...WHY } },
  free,
})

test('an accepted message is sent, and its ending says whether the provider sends reports', () => {
  const sent = (reports: boolean) =>
    end(stepOf(), { result: 'sent', candidate: candidate({ reports }), id: 'SM1' })
  expect(sent(true)).toEqual({ ending: 'sent', account: 'main', providerId: 'SM1', reports: true })
  expect(sent(false)).toMatchObject({ reports: false })
})

test('a refusal names the address to suppress', () => {
  const failure = { outcome: 'refused', ...WHY, forget: 'stop' } as const
  expect(end(stepOf(), { result: 'refused', candidate: candidate(), failure })).toEqual({
    ...{ ending: 'refused', account: 'main', forget: 'stop', address: '+351911111111', ...WHY },
  })
})

describe('a failed attempt', () => {
  test('is retried by the retry policy, but not before a candidate is free', () => {
    expect(end(stepOf(), failed())).toEqual({ ending: 'retry', account: 'main', at: NOW + 5_000, ...WHY })
    expect(end(stepOf(), failed(NOW + MINUTE))).toMatchObject({ at: NOW + MINUTE })
    expect(end(stepOf({ priority: 'critical' }), failed())).toMatchObject({ at: NOW + 1_000 })
  })

  test('is the last one at the end of the window, of the message or of the attempts', () => {
    const exhausted = { ending: 'exhausted', account: 'main', ...WHY }
    expect(end(stepOf({ since: NOW - 24 * HOUR, attempt: 40 }), failed())).toEqual(exhausted)
    expect(end(stepOf({ expiresAt: NOW + 500 }), failed())).toEqual(exhausted)
    expect(end(stepOf({ attempt: 3 }), failed(NOW, candidate({ attempts: 3 })))).toEqual(exhausted)
  })

  test('is retried for only a minute if the next step waits for it to fail', () => {
    const at = (since: number) => end({ ...FALLBACK, since, attempt: 2 }, failed())
    expect(at(NOW - 30_000)).toMatchObject({ ending: 'retry' })
    expect(at(NOW - MINUTE)).toMatchObject({ ending: 'exhausted' })
  })
})

describe('a message in doubt', () => {
  test.each<{ priority: Priority; repeatable: boolean; ending: string }>([
    { priority: 'normal', repeatable: false, ending: 'in_doubt' },
    { priority: 'high', repeatable: false, ending: 'in_doubt' },
    { priority: 'normal', repeatable: true, ending: 'retry' },
    { priority: 'critical', repeatable: false, ending: 'retry' },
  ])(
    'ends as $ending with priority $priority and repeatable: $repeatable',
    ({ priority, repeatable, ending }) => {
      expect(end(stepOf({ priority }), doubt(candidate({ repeatable })))).toMatchObject({
        ...{ ending, account: 'main', ...WHY },
      })
    },
  )

  test('is given up at the end of its window if it can be repeated', () => {
    expect(end(stepOf({ expiresAt: NOW }), doubt(candidate({ repeatable: true })))).toMatchObject({
      ending: 'exhausted',
    })
  })

  test('names no account if its process died', () => {
    expect(end(stepOf(), { result: 'taken', claim: { claim: 'doubt' } })).toEqual({
      ...{ ending: 'in_doubt', reason: 'interrupted', detail: expect.any(String) },
    })
  })
})

test('an attempt of another process is checked again later, or is over', () => {
  const taken = (claim: Extract<Result<Candidate>, { result: 'taken' }>['claim']) =>
    end(stepOf(), { result: 'taken', claim })
  expect(taken({ claim: 'busy', until: NOW + 30_000 })).toEqual({ ending: 'taken', until: NOW + 30_000 })
  expect(taken({ claim: 'done' })).toEqual({ ending: 'taken' })
  expect(taken({ claim: 'done', failed: 'landline' })).toEqual({ ending: 'taken', failed: 'landline' })
})

test('a step without a permit waits for one', () => {
  const why = { reason: 'paced', detail: 'its turn' }
  const busy = { outcome: 'busy', at: NOW + 1, why } as const
  expect(end(stepOf(), { result: 'busy', busy, free: NOW + 700 })).toEqual({
    ...{ ending: 'waiting', for: 'permit', at: NOW + 700, ...why },
  })
})

describe('behind an open breaker', () => {
  test('a step waits for the end of a rate limit, however long it takes', () => {
    expect(end({ ...FALLBACK, since: NOW - 24 * HOUR }, paused('limited', NOW + HOUR))).toEqual({
      ...{ ending: 'waiting', for: 'breaker', account: 'main', at: NOW + HOUR, begun: false, ...WHY },
    })
  })

  test('a provider that is down uses up the retry window', () => {
    expect(end(stepOf(), paused('down', NOW + 10_000))).toMatchObject({
      ...{ ending: 'waiting', for: 'breaker', at: NOW + 10_000, begun: true },
    })
    expect(end({ ...FALLBACK, since: NOW - MINUTE }, paused('down', NOW + 10_000))).toMatchObject({
      ending: 'exhausted',
    })
  })

  test('an attempt that was not made does not count', () => {
    const one = paused('down', NOW + 10_000)
    if (one.result === 'paused') one.candidate = candidate({ attempts: 1 })
    expect(end(stepOf(), one)).toMatchObject({ ending: 'waiting' })
    expect(end(stepOf({ attempt: 2 }), one)).toMatchObject({ ending: 'exhausted' })
  })
})

describe('a decision', () => {
  const about = { at: NOW, stage: 'condition', channel: 'sms', step: 0, by: 'user' } as const

  test.each(['skip', 'end'] as const)('skips the step for %s', (outcome) => {
    const decision = { ...about, outcome, reason: 'read' } as const
    expect(endingOfDecision(decision)).toEqual({ ending: 'skipped', decision })
  })

  test('schedules the step again for `wait`', () => {
    const decision = { ...about, outcome: 'wait', until: NOW + 10_000, reason: 'online' } as const
    expect(endingOfDecision(decision)).toEqual({ ending: 'waiting', for: 'condition', decision })
  })

  test('throws RangeError for `pass`', () => {
    expect(() => endingOfDecision({ ...about, outcome: 'pass' })).toThrow(RangeError)
  })
})
