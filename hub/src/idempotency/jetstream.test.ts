import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { connectNats } from '@carillon/core/stream/jetstream'
import { describe } from 'vitest'
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
else describe.skip('jetstream idempotency: there is no nats-server in PATH', () => {})
