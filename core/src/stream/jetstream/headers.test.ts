import { once } from 'node:events'
import { connect } from 'node:net'
import { notifySubject } from '@carillon/schemas'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { connectNats, jetstreamStream } from '../jetstream.ts'
import type { Message, Reader } from '../port.ts'
import { natsServerPath, startNatsServer } from './nats-server.fixture.ts'

const path = natsServerPath()
const subject = notifySubject('acme', 'low', 'x')

/** Publishes with a header block of any bytes, which no client library would send. */
const publishRaw = async (url: string, to: string, header: string | Buffer, body: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'data')
  const block = Buffer.concat([Buffer.from('NATS/1.0\r\n'), Buffer.from(header), Buffer.from('\r\n\r\n')])
  socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true,"lang":"raw","version":"1"}\r\n')
  socket.write(`HPUB ${to} ${block.length} ${block.length + Buffer.byteLength(body)}\r\n`)
  socket.write(Buffer.concat([block, Buffer.from(`${body}\r\nPING\r\n`)]))
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return String(answer)
}

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
  ['a blank in a name', 'a b: c'],
  ['no name', ': c'],
  ['letters beyond ASCII', 'ü: c'],
  ['a line feed in a value', 'a: b\nc'],
  ['no UTF-8', Buffer.from([0x61, 0xff, 0x3a, 0xfe])],
  ['a status', '503 x: y'],
  ['an object’s own names', '__proto__: a\r\nconstructor: b\r\ntoString: c'],
]

describe.skipIf(!path)('a message whose headers no client would send', () => {
  test.each(HEADERS)('is read like any other, and so is the next: %s', async (_, header) => {
    const server = await startNatsServer(path ?? '')
    onTestFinished(server.end)
    const connection = await connectNats(server.url, 'test')
    onTestFinished(() => connection.close())
    const stream = await jetstreamStream({ connection, namespace: 'test' })
    onTestFinished(() => stream.close())
    const reader = await stream.read('notify-low', { buffer: 10 })

    expect(await publishRaw(server.url, subject, header, 'odd')).toContain('PONG')
    await stream.publish([{ subject, data: Buffer.from('good') }])
    const messages = await taken(reader, 2)
    expect(messages.map(({ data }) => Buffer.from(data).toString())).toEqual(['odd', 'good'])
    await reader.ack(messages)
    await stream.check()
  })
})
