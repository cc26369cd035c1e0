import { LAYOUT } from '@carillon/core/installation/layout'
import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { connectNats } from '@carillon/core/stream/jetstream'
import { jetstreamManager } from '@nats-io/jetstream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { idempotencyContract } from './contract/idempotency.ts'
import { jetstreamIdempotency } from './jetstream.ts'

const path = natsServerPath()

if (path)
  idempotencyContract('jetstream idempotency', async (now) => {
    const server = await startNatsServer(path)
    const endings: (() => Promise<void>)[] = []
    const start = async () => {
      const connection = await connectNats(server.url, 'test')
      endings.push(() => connection.close())
      return await jetstreamIdempotency({ connection, namespace: 'test', now })
    }
    return {
      idempotency: await start(),
      other: start,
      restart: async () => {
        await server.kill()
        await server.start()
        return await start()
      },
      down: server.kill,
      end: async () => {
        for (const each of endings) await each()
        await server.end()
      },
    }
  })
else describe.skip('jetstream idempotency: no nats-server in PATH', () => {})

test.skipIf(!path)('streams contain the namespace and the layout of the installation', async () => {
  const server = await startNatsServer(path ?? '')
  const connection = await connectNats(server.url, 'test')
  onTestFinished(async () => {
    await connection.close()
    await server.end()
  })
  await jetstreamIdempotency({ connection, namespace: 'one' })
  const manager = await jetstreamManager(connection)
  const streams = new Map<string, unknown>()
  for await (const { config } of manager.streams.list()) streams.set(config.name, config.metadata)
  expect([...streams.keys()].sort()).toEqual(['IDS_one', 'KV_IDEMPOTENCY_one'])
  for (const metadata of streams.values())
    expect(metadata).toMatchObject({ 'carillon-namespace': 'one', 'carillon-layout': `${LAYOUT}` })
})
