import type { Outcome } from '@carillon/core/delivery/provider'
import type { Step } from '@carillon/core/delivery/step'
import { memoryLimits } from '@carillon/core/limits/memory'
import { expect, test, vi } from 'vitest'
import type { Candidate } from './candidate.ts'
import { createPermits } from './permit.ts'
import { createRateLimit, type Rates } from './rate-limit.ts'
import { scripted } from './testing/scripted.ts'
import { createUpstream } from './upstream.ts'

const LIMITED: Outcome = {
  ...{ outcome: 'retry', reason: 'rate_limited', detail: '429' },
  ...{ scope: 'account', afterMs: 600_000 },
}

const open = (rates: Rates = {}, concurrency = 1) => {
  const { provider } = scripted('mail', ['email'])
  const sender = provider.open({}, {} as never)
  const upstream = createUpstream(sender, { concurrency })
  const candidate: Candidate = {
    account: {
      account: { id: 'mail', provider: 'mail', channels: ['email'], order: 1, config: {} },
      provider,
      upstream: () => upstream,
    },
    address: { kind: 'email', email: 'ada@example.org' },
  }
  const acquire = createPermits(createRateLimit(memoryLimits()), rates)
  const step: Step = {
    ...{ tenant: 'acme', user: 'ada', notification: 'n1', item: 'i1', type: 'bill', priority: 'normal' },
    ...{ at: 0, expiresAt: 1, index: 0, toAudience: false },
    plan: [{ channel: 'email', when: 'always', after: 0 }],
  }
  const permit = async () => {
    const granted = await acquire(step, candidate)
    if (granted.outcome !== undefined) throw new Error(`there is no permit: ${granted.outcome}`)
    return granted
  }
  return { acquire: (more: Partial<Step> = {}) => acquire({ ...step, ...more }, candidate), permit, upstream }
}

test('a permit occupies a place in the bulkhead until it is released', async () => {
  const { permit, upstream } = open()
  const first = await permit()
  expect(upstream.bulkhead.load).toBe(1)
  first.release()
  first.release()
  expect(upstream.bulkhead.load).toBe(0)
  ;(await permit()).release()
})

test('a rate limit of the provider pauses all later messages without occupying a place', async () => {
  const { acquire, permit, upstream } = open()
  const first = await permit()
  first.ended(LIMITED)
  first.release()
  expect(await acquire()).toMatchObject({ outcome: 'paused', cause: 'limited' })
  expect(upstream.bulkhead.load).toBe(0)
})

test('a message releases its place if the breaker opened while it waited', async () => {
  const { acquire, permit, upstream } = open()
  const first = await permit()
  const second = acquire()
  await vi.waitFor(() => expect(upstream.bulkhead.load).toBe(2), 15_000)
  first.ended(LIMITED)
  first.release()
  expect(await second).toMatchObject({ outcome: 'paused' })
  expect(upstream.bulkhead.load).toBe(0)
})

test('an unused permit leaves the probe to the next message', async () => {
  const { permit } = open()
  const first = await permit()
  first.release()
  const second = await permit()
  second.ended({ outcome: 'sent' })
  second.release()
})

test('beyond the rate limits, returns the time of the next permit instead', async () => {
  const { acquire, permit } = open({ user: { perSecond: 0.1, burst: 1 } }, 8)
  ;(await permit()).release()
  const refused = await acquire()
  expect(refused).toMatchObject({ outcome: 'busy', why: { reason: 'paced' } })
  expect('at' in refused && refused.at).toBeGreaterThan(Date.now())
  expect(await acquire({ user: 'grace' })).toHaveProperty('release')
})
