import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Answer = { type: string; body: string | Buffer }

/** Serves answers by path, and anything else as 404. Returns the URL, and a function that stops the server. */
export const startSite = async (
  answer: (path: string) => Answer | undefined | Promise<Answer | undefined>,
) => {
  const server = createServer(async (request, response) => {
    const found = await answer(request.url ?? '/')
    if (!found) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': found.type }).end(found.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
