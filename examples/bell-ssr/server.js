import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { answerToken } from './backend.js'
import { render } from './dist/server/entry-server.js'

const PORT = process.env.PORT ?? 3000
const TYPES = { '.js': 'text/javascript', '.css': 'text/css' }
const template = await readFile('dist/index.html', 'utf8')

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname === '/my-token') return answerToken(request, response)
  if (pathname === '/') {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    return response.end(template.replace('<!--app-->', () => render()))
  }
  const file = await readFile(join('dist', normalize(pathname))).catch(() => undefined)
  if (!file || pathname.startsWith('/server/')) return response.writeHead(404).end()
  response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream')
  response.end(file)
}).listen(PORT, () => console.log(`http://localhost:${PORT}`))
