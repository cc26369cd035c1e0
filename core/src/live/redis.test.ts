import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UnavailableError } from '../errors.ts'
import { connectRedis, openSubscriptions } from '../redis/connection.ts'
import { redisMissing, redisServer, startRedis } from '../redis/testing/server.ts'
import { freePort } from '../testing/ports.ts'
import { added, device, openHub, reached } from './contract/ends.ts'
import { type LiveWorld, liveContract } from './contract/live.ts'
import { GRACE_MS } from './port.ts'
import { redisLive } from './redis.ts'
import { userRooms } from './room.ts'
import { clusterServer } from './server.ts'

const quiet = () => {}

const openClusterHub = async (url: string, namespace = 'test') => {
  const redis = await connectRedis(url, quiet)
  const subscriptions = await openSubscriptions(url, quiet)
  const hub = await openHub(clusterServer({ redis, subscriptions, namespace }))
  const live = redisLive({ redis, subscriptions, namespace })
  const lost = () => new Promise<void>((resolve) => live.onLoss(resolve))
  const close = async () => {
    await hub.close()
    await live.close()
  }
  return { ...hub, live, lost, close }
}

const clusterWorld = async (): Promise<LiveWorld> => {
  const server = await startRedis()
  const [first, second] = await Promise.all([openClusterHub(server.url), openClusterHub(server.url)])
  const live = redisLive({ redis: await connectRedis(server.url, quiet), namespace: 'test' })
  return {
    live,
    hubs: [first.url, second.url],
    watching: [first.live, second.live],
    close: async () => {
      await live.close()
      await first.close()
      await second.close()
      await server.close()
    },
  }
}

describe.skipIf(!redisServer)(`over Redis${redisMissing}`, () => {
  liveContract('two hubs on one Redis, and a process without connections', clusterWorld)
})

describe.skipIf(!redisServer)(`two installations on one Redis${redisMissing}`, () => {
  test('do not share messages, presence or sequences', async () => {
    const server = await startRedis()
    const [one, two] = await Promise.all(['one', 'two'].map((name) => openClusterHub(server.url, name)))
    if (!one || !two) return expect.fail()
    const tenant = randomUUID()
    const ada = { tenant, user: 'ada' }
    const mine = await device(one.url, tenant, 'ada')
    expect(await two.live.presence([ada])).toEqual(['away'])
    expect(await reached(two.live, [added(tenant, 'ada', 'from the other')])).toEqual([false])
    const theirs = await device(two.url, tenant, 'ada')
    expect(await reached(two.live, [added(tenant, 'ada', 'theirs')])).toEqual([true])
    expect(await reached(one.live, [added(tenant, 'ada', 'mine')])).toEqual([true])
    expect((await theirs.until(1)).map(({ item, seq }) => [item.title, seq])).toEqual([['theirs', 1]])
    expect((await mine.until(1)).map(({ item, seq }) => [item.title, seq])).toEqual([['mine', 1]])
    one.live.left(tenant, 'ada')
    theirs.socket.disconnect()
    await expect.poll(() => two.live.presence([ada]), { timeout: 10_000 }).toEqual(['away'])

    const redis = await connectRedis(server.url, quiet)
    const names = await Promise.all([redis.keys('*'), redis.call('PUBSUB', 'SHARDCHANNELS')])
    for (const name of names.flat()) expect(name).toMatch(/^carillon:(one|two):/)
    redis.disconnect()
    mine.socket.disconnect()
    await Promise.all([one.close(), two.close()])
    await server.close()
  })
})

describe.skipIf(!redisServer)(`during a Redis outage${redisMissing}`, () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let hub: Awaited<ReturnType<typeof openClusterHub>>
  beforeAll(async () => {
    server = await startRedis()
    hub = await openClusterHub(server.url)
  })
  afterAll(async () => {
    await hub.close()
    await server.close()
  })

  const answers = () =>
    expect.poll(() => hub.live.check().then(() => 'up', String), { timeout: 10_000 }).toBe('up')

  test('calls reject as unavailable, then succeed with a new epoch after the loss is announced', async () => {
    const tenant = randomUUID()
    const ada = await device(hub.url, tenant, 'ada')
    await hub.live.deliver([added(tenant, 'ada', 'before')])
    const [before] = await ada.until(1)

    await server.stop()
    await expect(hub.live.deliver([added(tenant, 'ada', 'meanwhile')])).rejects.toThrow(UnavailableError)
    await expect(hub.live.position(tenant, 'ada')).rejects.toThrow(UnavailableError)
    await expect(hub.live.presence([{ tenant, user: 'ada' }])).rejects.toThrow(UnavailableError)
    hub.live.left(tenant, 'ada')
    await expect(hub.live.check()).rejects.toThrow(UnavailableError)
    const bob = await device(hub.url, tenant, 'bob')

    const lost = hub.lost()
    await server.start()
    await lost
    await answers()
    const after = [added(tenant, 'ada', 'after'), added(tenant, 'bob', 'after')]
    expect(await reached(hub.live, after)).toEqual([true, true])
    const received = await ada.until(2)
    expect(received.map(({ item, seq }) => [item.title, seq])).toEqual([
      ['before', 1],
      ['after', 1],
    ])
    expect(received[1]?.epoch).not.toBe(before?.epoch)
    expect(await bob.until(1)).toHaveLength(1)
    ada.socket.disconnect()
    bob.socket.disconnect()
  })

  test('rooms are subscribed to again, except those left in the meantime', async () => {
    const tenant = randomUUID()
    const room = (index: number) => `u:${tenant.slice(0, 20)}${String(index).padStart(10, '0')}`
    const { adapter } = hub.io.of('/')
    for (let index = 0; index < 1_200; index++)
      await adapter.addAll(`socket-${index}`, new Set([room(index)]))
    await server.stop()
    const lost = hub.lost()
    for (let index = 0; index < 1_200; index += 2) adapter.delAll(`socket-${index}`)
    await server.start()
    await lost

    const redis = await connectRedis(server.url, quiet)
    const channels = Array.from({ length: 1_200 }, (_, index) => `carillon:test:rooms#/#${room(index)}#`)
    const counts = (await redis.call('PUBSUB', 'SHARDNUMSUB', ...channels)) as [string, number][]
    expect(counts.filter((_, index) => index % 2 === 1)).toEqual(channels.map((_, index) => index % 2))
    redis.disconnect()
  })

  test('a user who left is away after the grace period', async () => {
    await answers()
    const redis = await connectRedis(server.url, quiet)
    const tenant = randomUUID()
    hub.live.left(tenant, 'ada')
    expect(await hub.live.presence([{ tenant, user: 'ada' }])).toEqual(['left'])
    const left = await redis.pttl(`carillon:test:left:${userRooms(tenant, 'ada').whole}`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(GRACE_MS)
    redis.disconnect()
  })

  test('a Redis that does not respond counts as unavailable', async () => {
    await answers()
    server.signal('SIGSTOP')
    try {
      await expect(hub.live.deliver([added('t', 'ada', 'stuck')])).rejects.toThrow(UnavailableError)
    } finally {
      server.signal('SIGCONT')
    }
    await expect
      .poll(() => reached(hub.live, [added('t', 'ada', 'free')]).catch(String), { timeout: 10_000 })
      .toEqual([false])
  })

  test('errors contain no message content', async () => {
    await answers()
    await server.stop()
    const error = await hub.live.deliver([added('t', 'ada', 'private')]).catch((error) => error)
    expect(error).toBeInstanceOf(UnavailableError)
    expect(JSON.stringify([error, { ...error.cause }, String(error.cause)])).not.toContain('private')
    await server.start()
  })

  test('connecting rejects if Redis does not respond', async () => {
    await expect(connectRedis(`redis://127.0.0.1:${await freePort()}`, quiet)).rejects.toThrow(
      UnavailableError,
    )
  })
})
