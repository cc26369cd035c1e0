import type { Step } from '@carillon/core/delivery/step'
import { UnavailableError } from '@carillon/core/errors'
import { createSeal } from '@carillon/core/security/seal'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import type { DeliveryState } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClaims, LEASE_MS } from './claim.ts'

const seal = createSeal('a secret only for tests')
let database: Database
let store: ReturnType<typeof sqliteStore>
beforeEach(async () => {
  database = openDatabase(':memory:')
  store = sqliteStore({ database, seal, retention: 90 * 86_400_000 })
  await store.migrate()
})
afterEach(async () => {
  await store.close()
  await database.close()
})

const stepOf = (more: Partial<Step> = {}): Step => ({
  ...{ tenant: 'acme', user: 'ada', notification: 'n1', type: 'bill', priority: 'normal', index: 0 },
  ...{ item: '019c1d3e-0000-7000-8000-000000000000', destination: '', toAudience: false },
  ...{ at: 0, expiresAt: Date.now() + 86_400_000 },
  plan: [{ channel: 'sms', when: 'always', after: 0 }],
  ...more,
})
const step = stepOf()
const record = (state: DeliveryState, more: { attempt?: number; reason?: string } = {}) =>
  store.deliveries.record('acme', [
    {
      ...{ notification: 'n1', user: 'ada', step: 0, channel: 'sms', device: '', toAudience: false },
      ...{ state, at: Date.now() + 1, attempt: 1 },
      ...more,
    },
  ])

test('only one of several processes claims an attempt; other attempts and destinations are separate claims', async () => {
  const processes = Array.from({ length: 5 }, () => createClaims(store))
  const claims = await Promise.all(processes.map(({ claim }) => claim(step, false)))
  expect(claims.map(({ claim }) => claim).sort()).toEqual(['busy', 'busy', 'busy', 'busy', 'ours'])
  const [first] = processes
  expect(await first?.claim(stepOf({ attempt: 2 }), false)).toEqual({ claim: 'ours', again: false })
  expect(await first?.claim(stepOf({ destination: 'phone' }), false)).toEqual({ claim: 'ours', again: false })
  expect(await first?.claim(stepOf({ replay: 1 }), false)).toEqual({ claim: 'ours', again: false })
})

describe('an attempt that another process claimed', () => {
  test('is busy for the lease', async () => {
    const before = Date.now()
    await createClaims(store).claim(step, false)
    const claim = await createClaims(store).claim(step, false)
    expect(claim.claim).toBe('busy')
    const until = claim.claim === 'busy' ? claim.until : 0
    expect(until - LEASE_MS).toBeGreaterThanOrEqual(before)
    expect(until - LEASE_MS).toBeLessThanOrEqual(Date.now())
  })

  test.each([
    ['sent', { claim: 'done' }],
    ['in_doubt', { claim: 'done' }],
    ['failed', { claim: 'done', failed: 'landline' }],
  ] as const)('is done once %s is recorded', async (state, expected) => {
    await createClaims(store).claim(step, false)
    await record(state, { reason: 'landline' })
    expect(await createClaims(store).claim(step, true)).toEqual(expected)
  })

  test('is not done because of an earlier attempt or a wait', async () => {
    const second = stepOf({ attempt: 2 })
    await createClaims(store).claim(second, false)
    await record('queued', { attempt: 1 })
    expect(await createClaims(store).claim(second, false)).toMatchObject({ claim: 'busy' })
    await record('queued', { attempt: 2 })
    expect(await createClaims(store).claim(second, false)).toEqual({ claim: 'done' })
  })

  test('is in doubt after the lease, and is resent at most twice', async () => {
    const dead = () => createClaims(store, 0)
    expect(await dead().claim(step, false)).toEqual({ claim: 'ours', again: false })
    expect(await dead().claim(step, false)).toEqual({ claim: 'doubt' })
    expect(await dead().claim(step, true)).toEqual({ claim: 'ours', again: true })
    expect(await dead().claim(step, true)).toEqual({ claim: 'ours', again: true })
    expect(await dead().claim(step, true)).toEqual({ claim: 'doubt' })
  })
})

test('recognizes its own claim after losing the response', async () => {
  let lost = false
  const flaky = {
    ...store,
    expiringKeys: {
      ...store.expiringKeys,
      acquire: async (...given: Parameters<typeof store.expiringKeys.acquire>) => {
        const held = await store.expiringKeys.acquire(...given)
        if (!lost) {
          lost = true
          throw new UnavailableError('store', new Error('it took too long'))
        }
        return held
      },
    },
  }
  const { claim } = createClaims(flaky)
  await expect(claim(step, false)).rejects.toThrow(UnavailableError)
  expect(await claim(step, false)).toEqual({ claim: 'ours', again: false })
})

test('acquires the claims of one tenant that are made together in one call', async () => {
  const acquire = vi.spyOn(store.expiringKeys, 'acquire')
  const { claim } = createClaims(store)
  await Promise.all([
    ...Array.from({ length: 20 }, (_, n) => claim(stepOf({ notification: `n${n}` }), false)),
    claim(stepOf({ tenant: 'globex' }), false),
  ])
  expect(acquire.mock.calls.map(([tenant, keys]) => `${tenant} ${keys.length}`).sort()).toEqual([
    ...['acme 20', 'globex 1'],
  ])
})
