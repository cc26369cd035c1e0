import { notifySubject } from '@carillon/schemas'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { natsServerPath, startNatsServer } from '../nats/testing/server.ts'
import type { World } from './contract/kit.ts'
import { streamContract } from './contract/stream.ts'
import { connectNats, jetstreamStream } from './jetstream.ts'
import type { DeadReason, Reader } from './port.ts'

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

const path = natsServerPath()
const ackWaitMs = 1_000

const open = async ({ full } = { full: false }): Promise<World> => {
  const server = await startNatsServer(path ?? '')
  const endings: (() => Promise<void>)[] = []
  const start = async () => {
    const connection = await connectNats(server.url, 'test')
    const stream = await jetstreamStream({
      connection,
      namespace: 'test',
      ackWaitMs,
      ...(full && { maxBytes: 200_000 }),
    })
    endings.push(async () => {
      await stream.close()
      await connection.close()
    })
    return { connection, stream }
  }
  const { connection, stream } = await start()
  return {
    stream,
    other: async () => (await start()).stream,
    die: async () => {
      await connection.close()
      return (await start()).stream
    },
    restart: async () => {
      await server.kill()
      await server.start()
      return (await start()).stream
    },
    down: server.kill,
    end: async () => {
      for (const each of endings) await each()
      await server.end()
    },
  }
}

if (path) {
  streamContract('jetstream stream', { open, ackWaitMs })

  describe('jetstream stream', () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    const subject = notifySubject('acme', 'low', 'x')
    const server = async () => {
      const started = await startNatsServer(path)
      onTestFinished(started.end)
      return started
    }
    const connected = async (url: string) => {
      const connection = await connectNats(url, 'test')
      onTestFinished(() => connection.close())
      return connection
    }
    const next = async (reader: Reader) => {
      if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
      const [message] = reader.take(1)
      if (!message) throw new Error('nothing was taken')
      return message
    }

    test('readers resume after the server was killed, and their messages can be acked', async () => {
      const { url, kill, start } = await server()
      const connection = await connected(url)
      const stream = await jetstreamStream({ connection, namespace: 'test', ackWaitMs })
      const reader = await stream.read('notify-low', { buffer: 10 })
      await stream.publish([{ subject, data: bytes('held') }])
      const held = await next(reader)
      await kill()
      await start()
      await eventually(() => stream.check())
      await stream.publish([{ subject, data: bytes('new') }])
      const fresh = await next(reader)
      expect(bytes('new')).toEqual(new Uint8Array(fresh.data))
      await reader.ack([held, fresh])
      await eventually(async () => expect((await stream.backlog()).get('notify-low')).toBe(0))
      expect(reader.ready).toBe(0)
      await stream.close()
    })

    test('recreates a deleted consumer', async () => {
      const { url } = await server()
      const connection = await connected(url)
      const stream = await jetstreamStream({ connection, namespace: 'test', ackWaitMs })
      const reader = await stream.read('notify-low', { buffer: 10 })
      const manager = await jetstreamManager(connection)
      await manager.consumers.delete('NOTIFY_test', 'notify-low_test')
      await stream.publish([{ subject, data: bytes('still') }])
      expect((await next(reader)).subject).toBe(subject)
      await stream.close()
    })

    test('several processes can declare the streams at once, and a later one can change them', async () => {
      const { url } = await server()
      const connections = await Promise.all([1, 2, 3].map(() => connected(url)))
      await Promise.all(connections.map((connection) => jetstreamStream({ connection, namespace: 'test' })))
      const [connection] = connections
      if (!connection) throw new Error('three were made')
      await jetstreamStream({ connection, namespace: 'test', maxBytes: 1_000_000, ackWaitMs })
      await jetstreamStream({ connection, namespace: 'test' })
      const manager = await jetstreamManager(connection)
      const { config } = await manager.streams.info('NOTIFY_test')
      expect(config).toMatchObject({ max_bytes: 1_000_000, discard: 'new', retention: 'limits' })
      const { config: consumer } = await manager.consumers.info('WORK_test', 'work-low_test')
      expect(consumer).toMatchObject({ max_deliver: -1, ack_wait: 10_000_000_000 })
    })

    test.each(['notify.acme.urgent.x', 'notify.acme.low', 'notify.acme', 'notify.a b'.replace(' ', '!')])(
      'a message on %s, which no queue reads, becomes a dead letter',
      async (unroutable) => {
        const { url } = await server()
        const connection = await connected(url)
        const reported: DeadReason[] = []
        const onUnroutable = (reasons: readonly DeadReason[]) => reported.push(...reasons)
        const stream = await jetstreamStream({ connection, namespace: 'test', sweepMs: 20, onUnroutable })
        await stream.read('notify-low', { buffer: 10 })
        connection.publish(unroutable, bytes('lost?'))
        await stream.publish([{ subject, data: bytes('fine') }])
        await eventually(async () => expect(await stream.deadLetters({ limit: 10 })).toHaveLength(1))
        const [letter] = await stream.deadLetters({ limit: 10 })
        expect(letter).toMatchObject({ subject: unroutable, reason: { code: 'subject_invalid' } })
        expect(new TextDecoder().decode(letter?.data)).toBe('lost?')
        await stream.close()
        expect(reported).toEqual([letter?.reason])
      },
    )

    test('rejects an older server and names the version that it needs', async () => {
      const old = { info: { version: '2.11.9' } } as NatsConnection
      await expect(jetstreamStream({ connection: old, namespace: 'test' })).rejects.toThrow(
        /2\.11\.9 .* 2\.12 or newer/,
      )
    })

    test('does not wait for a server with `wait: false`', async () => {
      await expect(connectNats('nats://127.0.0.1:1', 'test', { wait: false })).rejects.toMatchObject({
        part: 'stream',
      })
    })
  })
} else describe.skip('jetstream stream: no nats-server in PATH', () => {})
