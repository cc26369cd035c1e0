import { CHANNELS } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RETRIES, nextRetry, type RetryPolicy, type RetryState, retryPolicy } from './retry.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const T = Date.UTC(2026, 0, 31, 9)

const state = (more: Partial<RetryState> = {}): RetryState => ({
  priority: 'normal',
  since: T,
  attempts: 1,
  expiresAt: T + 90 * DAY,
  fallback: false,
  ...more,
})

/** The times of all attempts after the first, as ms since then. */
const attempts = (policy: RetryPolicy, given: RetryState, random = () => 1): number[] => {
  const times: number[] = []
  for (let at = nextRetry(policy, given, given.since, random); at !== undefined; ) {
    times.push(at - given.since)
    at = nextRetry(policy, { ...given, attempts: times.length + 1 }, at, random)
  }
  return times
}

/** A generator of the same numbers from 0 to 1 in every run. */
const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

describe('delays', () => {
  test('grow from the base to the cap, and end with the window', () => {
    const policy = { windowMs: HOUR, baseMs: 5 * SECOND, capMs: 10 * MINUTE, fallbackMs: MINUTE }
    expect(attempts(policy, state()).map((ms) => ms / SECOND)).toEqual([
      5, 15, 45, 135, 405, 1_005, 1_605, 2_205, 2_805, 3_405, 3_600,
    ])
  })

  test('are shortened at random by up to half', () => {
    const policy = retryPolicy('email')
    expect(nextRetry(policy, state(), T, () => 0)).toBe(T + 5 * SECOND)
    expect(nextRetry(policy, state(), T, () => 1)).toBe(T + 10 * SECOND)
  })

  test('grow with the time in which nothing was sent', () => {
    expect(nextRetry(retryPolicy('email'), state(), T + HOUR, () => 1)).toBe(T + HOUR + 30 * MINUTE)
  })

  test('are at least what the provider asked for, up to ten minutes; five seconds when critical', () => {
    const policy = retryPolicy('sms')
    const asked = (askedMs: number, priority: RetryState['priority'] = 'normal') =>
      (nextRetry(policy, state({ askedMs, priority }), T, () => 1) ?? 0) - T
    expect(asked(30 * SECOND)).toBe(30 * SECOND)
    expect(asked(DAY)).toBe(10 * MINUTE)
    expect(asked(DAY, 'critical')).toBe(5 * SECOND)
    expect(asked(-SECOND)).toBe(5 * SECOND)
  })
})

describe('the window', () => {
  test('is at least a day for mail, and days for webhooks', () => {
    const span = (channel: keyof typeof DEFAULT_RETRIES) => attempts(retryPolicy(channel), state()).at(-1)
    expect(span('email')).toBeGreaterThanOrEqual(DAY)
    expect(span('webhook')).toBeGreaterThanOrEqual(3 * DAY)
    for (const channel of CHANNELS) expect(span(channel), channel).toBeGreaterThanOrEqual(DAY)
    expect(attempts(retryPolicy('webhook'), state()).length).toBeLessThan(30)
    expect(attempts(retryPolicy('email'), state()).length).toBeLessThan(150)
  })

  test('ends with the message: the last attempt is just before that', () => {
    const code = state({ priority: 'critical', expiresAt: T + 10 * MINUTE })
    expect(attempts(retryPolicy('sms'), code).at(-1)).toBe(10 * MINUTE - SECOND)
    expect(nextRetry(retryPolicy('sms'), state({ expiresAt: T }), T)).toBeUndefined()
  })

  test('is short if the next step waits for a failure', () => {
    expect(attempts(retryPolicy('sms'), state({ fallback: true })).at(-1)).toBe(MINUTE)
    expect(attempts(retryPolicy('sms', { fallbackMs: 0 }), state({ fallback: true }))).toEqual([])
    const short = retryPolicy('sms', { windowMs: 10 * SECOND })
    expect(attempts(short, state({ fallback: true })).at(-1)).toBe(10 * SECOND)
  })

  test('can be set, with the number of attempts, for the installation and for the account', () => {
    const policy = retryPolicy('email', { windowMs: HOUR, attempts: 9 }, { attempts: 3 })
    expect(policy).toMatchObject({ windowMs: HOUR, attempts: 3, baseMs: DEFAULT_RETRIES.email.baseMs })
    expect(attempts(policy, state())).toHaveLength(2)
    expect(attempts(retryPolicy('email', { windowMs: 0 }), state())).toEqual([])
  })
})

test('a critical message is retried sooner than any other, within the same window', () => {
  const random = seeded(18)
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least))
  for (let run = 0; run < 2_000; run++) {
    const policy: RetryPolicy = {
      windowMs: between(0, 5 * DAY),
      baseMs: between(1, HOUR),
      capMs: between(1, DAY),
      fallbackMs: between(0, HOUR),
      ...(run % 3 === 0 ? { attempts: between(1, 20) } : {}),
    }
    const now = T + between(0, 6 * DAY)
    const given = state({
      attempts: between(1, 20),
      expiresAt: T + between(0, 7 * DAY),
      fallback: run % 5 === 0,
      askedMs: run % 2 ? between(0, DAY) : 0,
    })
    const share = random()
    const at = (priority: RetryState['priority']) =>
      nextRetry(policy, { ...given, priority }, now, () => share)
    const [critical, normal] = [at('critical'), at('normal')]
    if (normal === undefined) continue
    expect(critical, JSON.stringify({ policy, given })).toBeDefined()
    expect(critical).toBeLessThanOrEqual(normal)
  }
  for (const channel of CHANNELS) {
    const last = (priority: RetryState['priority']) =>
      attempts(retryPolicy(channel), state({ priority })).at(-1) ?? 0
    expect(last('critical'), channel).toBeGreaterThanOrEqual(last('normal'))
  }
})

test('a critical message survives an outage of a minute, and is sent within a minute of its end', () => {
  const after = attempts(retryPolicy('email'), state({ priority: 'critical' })).find((ms) => ms >= MINUTE)
  expect(after).toBeLessThanOrEqual(2 * MINUTE)
})
