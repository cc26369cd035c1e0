import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@carillon/core/testing/ports'
import type {} from '@carillon/core/testing/provided'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { answers, start } from './child.ts'
import { redisRecipe, startNats, startRedis } from './servers.ts'

const pings = (port: number) => answers(port, 'PING\r\n', (answer) => answer.toString() === '+PONG\r\n')

describe.skipIf(!inject('redisServer'))('a server', () => {
  test('responds once started, and not after it was stopped', async () => {
    const redis = await startRedis()
    expect(await pings(redis.port)).toBe(true)
    expect(await redis.stop()).toBe(0)
    expect(await pings(redis.port)).toBe(false)
  })

  test('restarts on its port as another process after a kill', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.kill())
    const before = redis.pid
    await redis.kill()
    expect(await pings(redis.port)).toBe(false)
    await redis.restart()
    expect(await pings(redis.port)).toBe(true)
    expect(redis.pid).not.toBe(before)
  })

  test('does not respond while paused, and can be stopped', async () => {
    const redis = await startRedis()
    redis.pause()
    expect(await pings(redis.port)).toBe(false)
    redis.resume()
    expect(await pings(redis.port)).toBe(true)
    redis.pause()
    expect(await redis.stop()).toBe(0)
  })

  test('is not mistaken for another server on its port', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.kill())
    await expect(startRedis({ port: redis.port })).rejects.toThrow(/is used by another server/)
  })

  test('reports why it cannot start', async () => {
    await expect(start({ ...redisRecipe(await freePort()), args: ['--nonsense'] })).rejects.toThrow(
      /redis exited with 1 before it was ready[\s\S]*nonsense/,
    )
  })
})

test.skipIf(!inject('natsServer'))('NATS keeps its streams across a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-rig-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const nats = await startNats({ dir })
  onTestFinished(() => nats.kill())
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  onTestFinished(() => connection.close())
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'kept', subjects: ['kept'] })
  await nats.kill()
  await nats.restart()
  const again = await connect({ servers: nats.url })
  onTestFinished(() => again.close())
  expect((await (await jetstreamManager(again)).streams.info('kept')).config.name).toBe('kept')
})

test('a free port is unused and outside the range of outgoing connections', async () => {
  const port = await freePort()
  expect(port).toBeGreaterThanOrEqual(20_000)
  expect(port).toBeLessThan(32_000)
  expect(await answers(port, 'x', () => true)).toBe(false)
})
