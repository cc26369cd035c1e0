import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { openKeepAlive } from './keep-alive.ts'

const undos: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo()
})

const open = async (listener: RequestListener, connections = 1, patienceMs?: number) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  undos.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  const { port } = server.address() as AddressInfo
  const http = await openKeepAlive(`http://127.0.0.1:${port}`, connections, patienceMs)
  undos.push(http.close)
  return { http, server }
}

test('responses with a length, in chunks and without content are read, in order of the requests', async () => {
  const { http } = await open(async (request, response) => {
    const body = await text(request)
    if (request.method === 'DELETE') response.writeHead(204).end()
    else if (body === '') response.end(request.headers['x-key'])
    else response.write(body, () => response.end())
  })
  const path = '/'
  const all = await Promise.all([
    http.request({ method: 'DELETE', path }),
    http.request({ method: 'GET', path, headers: { 'x-key': 'k' } }),
    http.request({ method: 'POST', path, body: '"é"' }),
  ])
  expect(all.map(({ status }) => status)).toEqual([204, 200, 200])
  expect(all[1]?.text).toBe('k')
})

test('a connection that the server closed while idle is opened again', async () => {
  const { http, server } = await open((_, response) => response.end('here'))
  await http.request({ method: 'GET', path: '/' })
  server.closeAllConnections()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await http.request({ method: 'GET', path: '/' })).text).toBe('here')
})

test('requests without a response are rejected, also those that wait for a connection', async () => {
  const { http } = await open(() => {}, 1, 100)
  const all = [1, 2, 3].map(() => http.request({ method: 'GET', path: '/' }))
  for (const each of await Promise.allSettled(all))
    expect(each).toMatchObject({ status: 'rejected', reason: { message: /did not respond within 0.1 s/ } })
})
