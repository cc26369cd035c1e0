import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let hub: TestHub
let port: number
let key: string
beforeAll(async () => {
  const limits = { key: { perSecond: 1_000, burst: 1_000 }, tenant: null, user: null, guesses: null }
  hub = await openHub({ requestRates: limits })
  port = (await hub.hub.listen(0, '127.0.0.1')).port
  key = (await hub.tenant()).key
})
afterAll(() => hub.close())

/** Returns the headers that the application sets, and that of a limit without what is left. */
const own = (headers: Headers) => {
  const transport = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']
  const all = [...headers].filter(([name]) => !transport.includes(name))
  return Object.fromEntries(all.map(([name, value]) => [name, value.replace(/;r=.*/, '')]))
}

test.each([
  ['POST', '/v1/notifications', { to: 'ada', type: 'a', title: 'Hello' }],
  ['POST', '/v1/notifications', { to: 'ada' }],
  ['POST', '/v1/notifications', { pad: 'x'.repeat(70_000) }],
  ['PUT', '/v1/notifications', undefined],
  ['GET', '/v1/types', undefined],
  ['HEAD', '/v1/types', undefined],
  ['GET', '/v1/notifications/abc', undefined],
  ['GET', '/v1/types/%ff', undefined],
  ['GET', '/nothing', undefined],
  ['GET', '/healthz', undefined],
  ['GET', '/preferences', undefined],
])('%s %s has the same headers with and without a server', async (method, path, body) => {
  const headers = {
    authorization: `Bearer ${key}`,
    'x-request-id': 'the-id',
    origin: 'https://app.example',
    ...(body && { 'content-type': 'application/json' }),
  }
  const text = body && { body: JSON.stringify(body) }
  const without = await hub.hub.app.request(path, { method, headers, ...text })
  const over = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...text })
  expect(over.status).toBe(without.status)
  expect(own(over.headers)).toEqual(own(without.headers))
  expect(over.headers.get('x-request-id')).toBe('the-id')
  expect(over.headers.get('x-content-type-options')).toBe('nosniff')
  await over.arrayBuffer()
})

const request = (title: string) => {
  const body = JSON.stringify({ to: 'ada', type: 'a', title })
  const head = [
    'POST /v1/notifications HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** Sends the parts of requests one after another on one connection. Returns the statuses of `count` responses. */
const statuses = async (parts: readonly Buffer[], count: number) => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  let text = ''
  const answered = new Promise<string[]>((resolve) => {
    socket.on('data', (bytes) => {
      text += bytes.toString()
      const found = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)
      if (found.length >= count) resolve(found)
    })
  })
  for (const part of parts) {
    socket.write(part)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const found = await answered
  socket.destroy()
  return found
}

test('a body is read that arrives with its head, after it, in pieces, and with the next request', async () => {
  const one = Buffer.from(request('Grüße'))
  const end = one.indexOf('\r\n\r\n') + 4
  const ways = [
    [one],
    [one.subarray(0, end), one.subarray(end)],
    [one.subarray(0, end + 5), one.subarray(end + 5, end + 20), one.subarray(end + 20)],
  ]
  for (const parts of ways) expect(await statuses([...parts, ...parts], 2)).toEqual(['202', '202'])
  expect(await statuses([Buffer.concat([one, one, one])], 3)).toEqual(['202', '202', '202'])
  const titles = (await hub.taken('notify-normal')).map(
    ({ data }) => JSON.parse(Buffer.from(data).toString()).title,
  )
  expect(titles.filter((title) => title === 'Grüße')).toHaveLength(9)
})
