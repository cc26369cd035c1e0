import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const HUB = process.env.CARILLON_URL ?? 'http://localhost:4000'
const PORT = process.env.PORT ?? 3000

/** All that the bell needs of a Content-Security-Policy: the hub's scripts, requests and WebSocket, and pictures in items. */
const CSP = [
  "default-src 'self'",
  `script-src ${HUB}`,
  `connect-src 'self' ${HUB} ${HUB.replace(/^http/, 'ws')}`,
  'img-src https: data:',
].join('; ')

/** The signed-in user, from your session. */
const userOf = (request) => 'ada'

const answerToken = async (request, response) => {
  const user = encodeURIComponent(userOf(request))
  const answer = await fetch(`${HUB}/v1/users/${user}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.CARILLON_API_KEY}` },
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(await answer.text())
}

createServer(async (request, response) => {
  if (request.url === '/my-token') return answerToken(request, response)
  if (request.url === '/style.css') {
    response.setHeader('content-type', 'text/css')
    return response.end(await readFile('style.css'))
  }
  if (request.url !== '/') return response.writeHead(404).end()
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.setHeader('content-security-policy', CSP)
  response.end((await readFile('index.html', 'utf8')).replaceAll('http://localhost:4000', HUB))
}).listen(PORT, () => console.log(`http://localhost:${PORT}`))
