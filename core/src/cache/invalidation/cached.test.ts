import { expect, test } from 'vitest'
import { cached } from './cached.ts'
import { inProcessInvalidations } from './in-process.ts'
import type { Changes } from './port.ts'

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
    /** Lookups end when the returned function is called. */
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
  'a lookup under way when %j is invalidated is made again and not kept',
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
