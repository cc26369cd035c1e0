import { jetstreamManager } from '@nats-io/jetstream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectNats } from '../../nats/connection.ts'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { createPubAcks } from './pub-acks.ts'

const path = natsServerPath()
const data = new TextEncoder().encode('{}')
const away = { problem: { code: 'unavailable' }, part: 'stream' }

/** Opens a server with the stream `S`, and a subscriber of `silent` that never replies. */
const open = async () => {
  const server = await startNatsServer(path ?? '')
  onTestFinished(server.end)
  const connection = await connectNats(server.url, 'test')
  onTestFinished(() => connection.close())
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'S', subjects: ['s.>'], max_msg_size: 100 })
  connection.subscribe('silent', { callback: () => {} })
  return createPubAcks(connection, 50)
}

describe.skipIf(!path)('confirmations', () => {
  test('belong to their messages, whatever happens to others of the same turn', async () => {
    const pubAcks = await open()
    const all = await Promise.allSettled([
      pubAcks.publish({ subject: 's.1', data }),
      pubAcks.publish({ subject: 'nobody', data }),
      pubAcks.publish({ subject: 's.2', data: new Uint8Array(200) }),
      pubAcks.publish({ subject: 's.3', data: new Uint8Array(2 ** 21) }),
      pubAcks.publish({ subject: 'silent', data }),
      pubAcks.publish({ subject: 's.4', data }),
    ])
    expect(all).toMatchObject([
      { value: { sequence: 1, duplicate: false } },
      { reason: away },
      { reason: { name: 'JetStreamApiError' } },
      { reason: { message: expect.stringContaining('max_payload') } },
      { reason: away },
      { value: { sequence: 2, duplicate: false } },
    ])
  })

  test('that may not be received reject at once', async () => {
    const permissions = 'permissions: { publish: ">", subscribe: "other" }'
    const config = `authorization { users: [{ user: a, password: b, ${permissions} }] }`
    const server = await startNatsServer(path ?? '', config)
    onTestFinished(server.end)
    const connection = await connectNats(server.url.replace('//', '//a:b@'), 'test')
    onTestFinished(() => connection.close())
    await expect(createPubAcks(connection).publish({ subject: 'silent', data })).rejects.toMatchObject({
      ...away,
      cause: { message: expect.stringContaining('Permissions Violation') },
    })
  })

  test('that do not arrive are no longer waited for after closing', async () => {
    const pubAcks = await open()
    const waiting = pubAcks.publish({ subject: 'silent', data })
    pubAcks.close()
    await expect(waiting).rejects.toMatchObject(away)
  })
})
