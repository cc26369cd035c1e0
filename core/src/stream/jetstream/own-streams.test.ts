import { jetstream } from '@nats-io/jetstream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { connectNats, jetstreamStream } from '../jetstream.ts'
import type { Message, Reader } from '../port.ts'

const path = natsServerPath()
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const text = ({ data }: Message) => new TextDecoder().decode(data)

const take = async (reader: Reader, count: number) => {
  await eventually(() => expect(reader.ready).toBe(count))
  return reader.take(count)
}

/** Opens an event log where `acme` has its own stream, and a backend's connection. */
const open = async (config?: string) => {
  const server = await startNatsServer(path ?? '', config)
  onTestFinished(server.end)
  const connection = await connectNats(server.url, 'test')
  const stream = await jetstreamStream({
    connection,
    namespace: 'test',
    ownStreams: ['acme'],
    ackWaitMs: 1_000,
    sweepMs: 50,
  })
  onTestFinished(async () => {
    await stream.close()
    await connection.close()
  })
  return { stream, backend: jetstream(connection), server }
}

describe.skipIf(!path)('a tenant with its own stream', () => {
  test('has its own deduplication window, and is read with the other tenants', async () => {
    const { stream, backend } = await open()
    const acks = await Promise.all([
      backend.publish('own.acme.low.x', 'mine', { msgID: 'm1' }),
      backend.publish('notify.demo.low.x', 'theirs', { msgID: 'm1' }),
    ])
    expect(acks).toMatchObject([
      { stream: 'NOTIFY-acme_test', duplicate: false },
      { stream: 'NOTIFY_test', duplicate: false },
    ])
    expect((await stream.backlog()).get('notify-low')).toBe(2)
    const reader = await stream.read('notify-low', { buffer: 100 })
    const messages = await take(reader, 2)
    const found = messages.map((message) => [message.subject, message.origin, text(message)]).sort()
    expect(found).toEqual([
      ['notify.acme.low.x', 'acme', 'mine'],
      ['notify.demo.low.x', undefined, 'theirs'],
    ])
    await reader.ack(messages)
    await eventually(async () => expect((await stream.backlog()).get('notify-low')).toBe(0))
  })

  test('receives messages from hubs, retries and dead letters', async () => {
    const { stream } = await open()
    const published = await stream.publish(
      ['acme', 'demo'].map((tenant) => ({
        subject: `notify.${tenant}.low.x`,
        data: new TextEncoder().encode(tenant),
      })),
    )
    // The first message of each stream has the same sequence.
    expect(published.map(({ sequence }) => sequence)).toEqual([1, 1])
    const reader = await stream.read('notify-low', { buffer: 100 })
    await reader.retry(await take(reader, 2), 0)
    const again = await take(reader, 2)
    expect(again.map(({ deliveries }) => deliveries)).toEqual([2, 2])
    const reason = { code: 'internal', detail: 'why' } as const
    await reader.deadLetter(again.map((message) => ({ message, reason })))
    const letters = await stream.deadLetters({ limit: 10 })
    expect(letters.map(({ tenant, subject }) => [tenant, subject]).sort()).toEqual([
      ['acme', 'notify.acme.low.x'],
      ['demo', 'notify.demo.low.x'],
    ])
  })

  test('neither delays other tenants nor is delayed by them', async () => {
    const { stream } = await open()
    const data = new Uint8Array()
    await stream.publish(Array.from({ length: 40 }, () => ({ subject: 'notify.acme.low.x', data })))
    await stream.publish(Array.from({ length: 3 }, () => ({ subject: 'notify.demo.low.x', data })))
    const reader = await stream.read('notify-low', { buffer: 100 })
    await eventually(() => expect(reader.ready).toBe(43))
    const demo = reader.take(10).filter(({ subject }) => subject.startsWith('notify.demo'))
    expect(demo).toHaveLength(3)
    expect(reader.take(100)).toHaveLength(33)
  })

  test('gets messages on misspelled subjects moved to the dead letters', async () => {
    const { stream, backend } = await open()
    await stream.read('notify-low', { buffer: 10 })
    await backend.publish('own.acme.urgent.x', 'lost?')
    await eventually(async () => expect(await stream.deadLetters({ limit: 10 })).toHaveLength(1))
    expect(await stream.deadLetters({ tenant: 'acme', limit: 10 })).toMatchObject([
      { subject: 'notify.acme.urgent.x', reason: { code: 'subject_invalid' } },
    ])
  })

  test('can keep publishing on its earlier subjects if the server maps them', async () => {
    const { backend, stream } = await open('mappings { "notify.acme.>": "own.acme.>" }')
    expect(await backend.publish('notify.acme.low.x', 'mine', { msgID: 'm1' })).toMatchObject({
      stream: 'NOTIFY-acme_test',
    })
    const [message] = await take(await stream.read('notify-low', { buffer: 10 }), 1)
    expect(message).toMatchObject({ subject: 'notify.acme.low.x', origin: 'acme', dedupe: 'm1' })
  })

  test('keeps its messages across a restart of the server', async () => {
    const { backend, stream, server } = await open()
    await backend.publish('own.acme.low.x', 'kept')
    const reader = await stream.read('notify-low', { buffer: 10 })
    await eventually(() => expect(reader.ready).toBe(1))
    await server.kill()
    await server.start()
    await eventually(() => stream.check())
    await reader.ack(reader.take(1))
    await backend.publish('own.acme.low.x', 'new')
    // The first one may come again, if its ack wait ended while the server was down.
    const texts: string[] = []
    await eventually(() => {
      texts.push(...reader.take(10).map(text))
      expect(texts).toContain('new')
    })
    expect(texts.filter((each) => each !== 'kept')).toEqual(['new'])
  })
})
