import { connect } from 'node:net'
import { NOTIFICATION_MAX_BYTES } from '@carillon/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

const HUGE = 8_000_000
let test: TestHub
let port: number
let key: string
beforeAll(async () => {
  test = await openHub()
  port = (await test.hub.listen(0, '127.0.0.1')).port
  key = (await test.tenant()).key
})
afterAll(() => test.close())

const head = (framing: string) =>
  [
    'POST /v1/notifications HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    framing,
    '',
    '',
  ].join('\r\n')

/** Sends the head and then the parts, like a client that reads nothing before everything is sent. */
const talk = (framing: string, parts: Iterable<Buffer | string>) =>
  new Promise<{ text: string; failed: string | undefined }>((resolve) => {
    let text = ''
    let failed: string | undefined
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.on('data', (bytes) => {
      text += bytes.toString()
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      failed = code
    })
    socket.on('close', () => resolve({ text, failed }))
    const send = async () => {
      socket.write(head(framing))
      for (const part of parts)
        if (!socket.write(part) && !socket.destroyed)
          await new Promise((drained) => socket.once('drain', drained))
      socket.resume()
    }
    void send()
  })

const PART = Buffer.alloc(64_000, 'x')
const body = (bytes: number) => Array.from({ length: bytes / PART.length }, () => PART)

it.each([
  ['with a length', `content-length: ${HUGE}`, body(HUGE)],
  [
    'in chunks',
    'transfer-encoding: chunked',
    [
      ...body(HUGE).map((part) => Buffer.concat([Buffer.from('fa00\r\n'), part, Buffer.from('\r\n')])),
      '0\r\n\r\n',
    ],
  ],
])(
  'a body that is too large, %s, is read to its end, then the connection is closed',
  async (_, framing, parts) => {
    const { text, failed } = await talk(framing, parts)
    expect(failed).toBeUndefined()
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(text).toMatch(/\r\nconnection: close\r\n/i)
    expect(text).not.toMatch(/keep-alive/i)
    expect(text.endsWith('}')).toBe(true)
  },
)

it('answers before the rest of the body has arrived', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write(head(`content-length: ${HUGE}`))
  const [answer] = await Promise.all([new Promise<Buffer>((resolve) => socket.once('data', resolve))])
  expect(answer.toString()).toContain('payload_too_large')
  socket.destroy()
})

it('fetch gets the problem of every body that is too large, and its next request succeeds', async () => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const post = (content: BodyInit) =>
    fetch(`http://127.0.0.1:${port}/v1/notifications`, {
      ...{ method: 'POST', headers, body: content, duplex: 'half' },
    } as RequestInit)
  const stream = () => new Blob(body(HUGE)).stream()
  for (const content of [
    'x'.repeat(NOTIFICATION_MAX_BYTES + 1),
    PART.toString().repeat(125),
    stream(),
    stream(),
  ]) {
    const reply = await post(content)
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([
      413,
      'payload_too_large',
    ])
    expect(reply.headers.get('connection')).toBe('close')
    const next = await post(JSON.stringify({ to: 'ann', type: 'test' }))
    expect([next.status, next.headers.get('connection')]).toEqual([202, 'keep-alive'])
  }
})
