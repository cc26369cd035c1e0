import { randomUUID } from 'node:crypto'
import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { newTenant } from '@carillon/core/security/new-tenant'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openWorld } from '../testing/dispatcher.ts'

const path = natsServerPath()

/** Opens a dispatcher on a real NATS and a file, with publishers of several tenants. */
const open = async () => {
  const server = await startNatsServer(path ?? '')
  onTestFinished(server.end)
  const connection = await connectNats(server.url, 'test')
  const stream = await jetstreamStream({ connection, namespace: 'test', sweepMs: 50 })
  const world = await openWorld({ stream })
  onTestFinished(async () => {
    await world.close()
    await connection.close()
  })
  /** Publishes each message after the log has forgotten the id of the previous one. */
  const publish = async (
    messages: readonly { tenant?: string; type?: string; id: string; body: Record<string, unknown> }[],
  ) => {
    for (const { tenant = world.tenant, type = 'x', id, body } of messages) {
      const data = Buffer.from(JSON.stringify({ to: 'ada', ...body }))
      const subject = `notify.${tenant}.normal.${type}`
      await vi.waitFor(async () => {
        const answers = await stream.publish([{ subject, data, dedupe: id }])
        expect(answers).toMatchObject([{ duplicate: false }])
      }, 15_000)
    }
    await world.quiet()
  }
  const addTenant = async () => {
    const id = `t-${randomUUID().slice(0, 8)}`
    await world.store.tenants.put(newTenant(id))
    return id
  }
  return { ...world, publish, addTenant }
}

describe.skipIf(!path)('publishers with the same Nats-Msg-Id, on a real NATS', () => {
  test('do not suppress each other across tenants and types', async () => {
    const { publish, addTenant, titles, tenant, deadLetters } = await open()
    const other = await addTenant()
    await publish([
      { id: 'm1', body: { title: 'mine' } },
      { tenant: other, id: 'm1', body: { title: 'theirs' } },
      { type: 'y', id: 'm1', body: { title: 'another type' } },
    ])
    await vi.waitUntil(async () => (await titles('ada', tenant)).length === 2, 15_000)
    expect((await titles('ada', tenant)).sort()).toEqual(['another type', 'mine'])
    expect(await titles('ada', other)).toEqual(['theirs'])
    expect(await deadLetters()).toEqual([])
  })

  test('publish one notification with the same content, and a dead letter with different content', async () => {
    const { publish, titles, deadLetters } = await open()
    await publish([
      { id: 'm1', body: { title: 'first' } },
      { id: 'm1', body: { title: 'first' } },
      { id: 'm1', body: { title: 'second' } },
    ])
    await vi.waitUntil(async () => (await deadLetters()).length > 0, 15_000)
    expect(await titles('ada')).toEqual(['first'])
    expect(await deadLetters()).toEqual([
      { code: 'id_reused', detail: expect.stringContaining('Nats-Msg-Id') },
    ])
  })

  test('are distinguished by the id of the notification, whatever the Nats-Msg-Id', async () => {
    const { publish, titles, deadLetters } = await open()
    await publish([
      { id: 'm1', body: { id: 'order-9', title: 'first' } },
      { id: 'm2', body: { id: 'order-9', title: 'first' } },
      { id: 'm1', body: { id: 'order-10', title: 'other' } },
      { id: 'm3', body: { id: 'order-9', title: 'changed' } },
    ])
    await vi.waitUntil(async () => (await deadLetters()).length > 0, 15_000)
    expect((await titles('ada')).sort()).toEqual(['first', 'other'])
    expect((await deadLetters()).map(({ code }) => code)).toEqual(['id_reused'])
  })
})
