import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Answer, type Claim, type Idempotency, IN_FLIGHT_MS } from '../port.ts'

/** The idempotency keys of one test. */
export type World = {
  idempotency: Idempotency
  /** Another process; the same if the adapter is for one process. */
  other(): Promise<Idempotency>
  /** Kills and restarts the store of keys. */
  restart(): Promise<Idempotency>
  /** Makes it unreachable. */
  down(): Promise<void>
  end(): Promise<void>
}

/** The contract of the Idempotency port. `open` takes the clock to use. */
export const idempotencyContract = (name: string, open: (now: () => number) => Promise<World>) => {
  const world = async () => {
    let clock = Date.now()
    const made = await open(() => clock)
    onTestFinished(made.end)
    const wait = (ms: number) => {
      clock += ms
    }
    return { ...made, wait }
  }
  const newKey = () => randomUUID().replaceAll('-', '')
  const answer: Answer = { status: 202, body: { id: 'n1', nested: [1, 'ü', null] } }
  const ids = () => {
    let count = 0
    return () => `id${++count}`
  }

  describe(name, () => {
    test('claims a key once, then replays the response', async () => {
      const { idempotency } = await world()
      const [key, newId] = [newKey(), ids()]
      expect(await idempotency.claim(key, 'body', newId)).toEqual({ outcome: 'first', id: 'id1' })
      expect(await idempotency.claim(key, 'body', newId)).toEqual({ outcome: 'in_flight' })
      await idempotency.finish(key, answer)
      expect(await idempotency.claim(key, 'body', newId)).toEqual({ outcome: 'replay', answer })
      expect(await idempotency.claim(newKey(), 'body', () => 'x')).toEqual({ outcome: 'first', id: 'x' })
    })

    test('rejects a key with a different body, before and after the response', async () => {
      const { idempotency } = await world()
      const key = newKey()
      await idempotency.claim(key, 'body', ids())
      expect(await idempotency.claim(key, 'other', ids())).toEqual({ outcome: 'reused' })
      await idempotency.finish(key, answer)
      expect(await idempotency.claim(key, 'other', ids())).toEqual({ outcome: 'reused' })
    })

    test('releases a key whose work failed', async () => {
      const { idempotency } = await world()
      const [key, newId] = [newKey(), ids()]
      await idempotency.claim(key, 'body', newId)
      await idempotency.release(key)
      const again = await idempotency.claim(key, 'another', () => 'fresh')
      expect(again).toEqual({ outcome: 'first', id: 'fresh' })
      await idempotency.finish(key, answer)
      await idempotency.release(key)
      expect(await idempotency.claim(key, 'another', newId)).toEqual({ outcome: 'replay', answer })
    })

    test('accepts one of many concurrent claims as first', async () => {
      const { idempotency, other } = await world()
      const processes = [idempotency, await other()]
      const key = newKey()
      const claims = Array.from({ length: 50 }, (_, index) =>
        processes[index % 2]?.claim(key, 'body', () => `id${index}`),
      )
      const outcomes = (await Promise.all(claims)).map((claim) => claim?.outcome)
      expect(outcomes.filter((outcome) => outcome === 'first')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'in_flight')).toHaveLength(49)
    })

    test('lets one other request take over from a dead one, with the same id', async () => {
      const { idempotency, other, wait } = await world()
      const [key, newId] = [newKey(), ids()]
      const successor = await other()
      await idempotency.claim(key, 'body', newId)
      wait(IN_FLIGHT_MS - 1)
      expect(await successor.claim(key, 'body', () => 'new')).toEqual({ outcome: 'in_flight' })
      wait(1)
      const claims: Claim[] = await Promise.all(
        Array.from({ length: 10 }, () => successor.claim(key, 'body', () => 'new')),
      )
      expect(claims.filter(({ outcome }) => outcome === 'first')).toEqual([{ outcome: 'first', id: 'id1' }])
      expect(claims.filter(({ outcome }) => outcome === 'in_flight')).toHaveLength(9)
      await successor.finish(key, answer)
      // The request that was presumed dead returns: nothing changes.
      await idempotency.finish(key, { status: 500, body: null })
      await idempotency.release(key)
      expect(await idempotency.claim(key, 'body', newId)).toEqual({ outcome: 'replay', answer })
    })

    test('keeps keys across a restart', async () => {
      const { idempotency, restart } = await world()
      const [done, open] = [newKey(), newKey()]
      await idempotency.claim(done, 'body', ids())
      await idempotency.finish(done, answer)
      await idempotency.claim(open, 'body', ids())
      const after = await restart()
      expect(await after.claim(done, 'body', ids())).toEqual({ outcome: 'replay', answer })
      expect(await after.claim(open, 'body', ids())).toEqual({ outcome: 'in_flight' })
      await after.finish(open, answer)
      expect(await after.claim(open, 'body', ids())).toEqual({ outcome: 'replay', answer })
    })

    test('keeps the content that an id was first used with', async () => {
      const { idempotency, other, restart } = await world()
      const [one, two, three] = [newKey(), newKey(), newKey()]
      const use = (key: string, fingerprint: string) => ({ key, fingerprint })
      expect(await idempotency.register([])).toEqual([])
      expect(await idempotency.register([use(one, 'a'), use(two, 'b'), use(one, 'c')])).toEqual([
        'a',
        'b',
        'a',
      ])
      expect(await (await other()).register([use(three, 'd'), use(two, 'e'), use(one, 'a')])).toEqual([
        'd',
        'b',
        'a',
      ])
      const after = await restart()
      expect(await after.register([use(one, 'x'), use(two, 'x'), use(three, 'x')])).toEqual(['a', 'b', 'd'])
      expect(await Promise.all([one, three, newKey()].map(after.isRegistered))).toEqual([true, true, false])
    })

    test('registers one of many concurrent uses of an id, and returns it for all', async () => {
      const { idempotency, other } = await world()
      const processes = [idempotency, await other()]
      const keys = Array.from({ length: 20 }, newKey)
      const found = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          processes[index % 2]?.register(keys.map((key) => ({ key, fingerprint: `${index}` }))),
        ),
      )
      for (const each of found) expect(each).toEqual(found[0])
    })

    test('rejects while it is unreachable', async () => {
      const { idempotency, down } = await world()
      const key = newKey()
      await idempotency.claim(key, 'body', ids())
      await down()
      const away = { problem: { code: 'unavailable' }, part: 'stream' }
      await expect(idempotency.claim(newKey(), 'body', ids())).rejects.toMatchObject(away)
      await expect(idempotency.finish(key, answer)).rejects.toMatchObject(away)
      await expect(idempotency.register([{ key, fingerprint: 'a' }])).rejects.toMatchObject(away)
    })
  })
}
