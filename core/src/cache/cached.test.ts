import { expect, test } from 'vitest'
import { UnavailableError } from '../errors.ts'
import { cached } from './cached.ts'
import { inProcessInvalidations } from './invalidation/in-process.ts'
import type { Changes } from './invalidation/port.ts'

const AWAY = 'away'
const BROKEN = 'broken'

const world = () => {
  const invalidations = inProcessInvalidations()
  let stored = 'old'
  let looks = 0
  let hold = Promise.resolve()
  const get = cached({
    kind: 'type',
    ttlMs: 60_000,
    invalidations,
    load: async () => {
      looks++
      const found = stored
      await hold
      if (found === AWAY) throw new UnavailableError('store', new Error('no host answers'))
      if (found === BROKEN) throw new Error('the row cannot be decoded')
      return found
    },
  })
  return {
    get,
    invalidations,
    looks: () => looks,
    store: (value: string) => {
      stored = value
    },
    /** Lookups wait until the returned function is called. */
    slow: () => {
      let go = () => {}
      hold = new Promise((resolve) => {
        go = resolve
      })
      return () => go()
    },
  }
}

test('keeps a value until it is invalidated', async () => {
  const { get, store, looks, invalidations } = world()
  expect(await get('acme', 'x')).toBe('old')
  store('new')
  await invalidations.publish([
    { kind: 'type', tenant: 'acme', id: 'y' },
    { kind: 'type', tenant: 'other', id: 'x' },
    { kind: 'key', tenant: 'acme', id: 'x' },
  ])
  expect([await get('acme', 'x'), looks()]).toEqual(['old', 1])
  void invalidations.publish([{ kind: 'type', tenant: 'acme', id: 'x' }])
  expect(await get('acme', 'x')).toBe('new')
  store('newest')
  void invalidations.publish('all')
  expect(await get('acme', 'x')).toBe('newest')
})

const named: Changes = [{ kind: 'type', tenant: 'acme', id: 'x' }]

test.each<Changes>([named, 'all'])(
  'repeats a lookup that is pending when %j is invalidated, and does not cache it',
  async (changes) => {
    const { get, store, slow, looks, invalidations } = world()
    const go = slow()
    const early = get('acme', 'x')
    store('new')
    void invalidations.publish(changes)
    const late = get('acme', 'x')
    go()
    expect(await early).toBe('new')
    expect(await late).toBe('new')
    const before = looks()
    expect([await get('acme', 'x'), looks() - before]).toEqual(['new', 0])
  },
)

test('falls back to a stale value only while the store is unavailable', async () => {
  const { get, store, invalidations } = world()
  await get('acme', 'x')
  void invalidations.publish('all')
  store(AWAY)
  expect([await get('acme', 'x'), await get('acme', 'x')]).toEqual(['old', 'old'])
  await expect(get('acme', 'y')).rejects.toThrow(UnavailableError)
  store(BROKEN)
  await expect(get('acme', 'x')).rejects.toThrow('decoded')
  store('new')
  expect([await get('acme', 'x'), await get('acme', 'y')]).toEqual(['new', 'new'])
})

test('does not fall back to a value that is known to be outdated', async () => {
  const { get, store, invalidations } = world()
  await get('acme', 'x')
  store(AWAY)
  void invalidations.publish(named)
  await expect(get('acme', 'x')).rejects.toThrow(UnavailableError)
  store('new')
  expect(await get('acme', 'x')).toBe('new')
})

test('falls back to the stale value when a lookup fails while everything is invalidated', async () => {
  const { get, store, slow, looks, invalidations } = world()
  await get('acme', 'x')
  void invalidations.publish('all')
  store(AWAY)
  const go = slow()
  const early = get('acme', 'x')
  void invalidations.publish('all')
  go()
  expect([await early, looks()]).toEqual(['old', 3])
})
