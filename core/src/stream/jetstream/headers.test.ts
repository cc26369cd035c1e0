import { notifySubject } from '@carillon/schemas'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rawPublisher } from '../../nats/testing/raw-publisher.ts'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { connectNats, jetstreamStream } from '../jetstream.ts'
import type { Message, Reader } from '../port.ts'

const path = natsServerPath()
const subject = notifySubject('acme', 'low', 'x')

const taken = async (reader: Reader, count: number): Promise<Message[]> => {
  const messages: Message[] = []
  await vi.waitFor(
    () => {
      messages.push(...reader.take(count - messages.length))
      expect(messages).toHaveLength(count)
    },
    { timeout: 10_000, interval: 10 },
  )
  return messages
}

const HEADERS: [string, string | Buffer][] = [
  ['a space in a name', 'a b: c'],
  ['an empty name', ': c'],
  ['non-ASCII letters', 'ü: c'],
  ['a line feed in a value', 'a: b\nc'],
  ['invalid UTF-8', Buffer.from([0x61, 0xff, 0x3a, 0xfe])],
  ['a status', '503 x: y'],
  ['names of object properties', '__proto__: a\r\nconstructor: b\r\ntoString: c'],
]

describe.skipIf(!path)('a message with headers that no client would send', () => {
  test.each(HEADERS)('is read, and so is the next message: %s', async (_, header) => {
    const server = await startNatsServer(path ?? '')
    onTestFinished(server.end)
    const connection = await connectNats(server.url, 'test')
    onTestFinished(() => connection.close())
    const stream = await jetstreamStream({ connection, namespace: 'test' })
    onTestFinished(() => stream.close())
    const reader = await stream.read('notify-low', { buffer: 10 })

    const foreign = await rawPublisher(server.url)
    onTestFinished(foreign.close)
    expect(await foreign.publish(subject, header, 'odd')).toContain('PONG')
    await stream.publish([{ subject, data: Buffer.from('good') }])
    const messages = await taken(reader, 2)
    expect(messages.map(({ data }) => Buffer.from(data).toString())).toEqual(['odd', 'good'])
    await reader.ack(messages)
    await stream.check()
  })
})
