import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { generate } from 'selfsigned'
import { SMTPServer } from 'smtp-server'
import { notice, serve } from './child.ts'
import { clock } from './machine.ts'
import { MARK } from './payload.ts'

/** The role of the sink: mail server, webhook receiver, push service or SMS API. */
export type SinkKind = 'smtp' | 'webhook' | 'push' | 'sms'

/** `ca`: the certificate that clients must trust, PEM. */
export type SinkPlace = { port: number; ca?: string }

/** What was received since `begin`. `rate`: per second, over the middle 80 %. */
export type SinkReport = { received: number; distinct: number; examples: string[]; rate: number }

const EXAMPLES = 10
const HEAD = 'Subject: '

/** The number of receipts by key. */
let counts = new Map<string, number>()
/** The time of the first receipt of each key, in order. */
let times: number[] = []
let told = false

const tell = () => {
  told = false
  notice({ received: times.length })
}

const receive = (key: string) => {
  const before = counts.get(key) ?? 0
  counts.set(key, before + 1)
  if (before > 0) return
  times.push(clock())
  if (told) return
  told = true
  setTimeout(tell, 1)
}

/** Returns the text between `head` and the next `end`. */
const between = (text: string, head: string, end: string) => {
  const at = text.indexOf(head) + head.length
  return text.slice(at, text.indexOf(end, at))
}

/** The key of an e-mail is its recipient and subject. */
const mailServer = () =>
  new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, { envelope }, done) => {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        if (text.length < 4_096) text += chunk.toString('latin1')
      })
      stream.once('end', () => {
        receive(`${envelope.rcptTo[0]?.address} ${between(text, HEAD, '\r\n')}`)
        done()
      })
    },
  }).server

const body = (request: IncomingMessage, use: (text: string) => void) => {
  let text = ''
  request.setEncoding('latin1')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.once('end', () => use(text))
}

const listeners: Record<Exclude<SinkKind, 'smtp'>, RequestListener> = {
  webhook: (request, response) =>
    body(request, (text) => {
      receive(between(text, MARK, ']'))
      response.writeHead(204).end()
    }),
  /** Pushes are encrypted, so the key is the topic, which is unique. */
  push: (request, response) => {
    request.resume().once('end', () => {
      const { topic } = request.headers
      receive(`${request.url} ${topic}`)
      response.writeHead(201, { location: `/m/${times.length}` }).end()
    })
  },
  sms: (request, response) =>
    body(request, (text) => {
      const to = new URLSearchParams(text).get('To') ?? ''
      receive(to)
      const sid = `SM${String(times.length).padStart(32, '0')}`
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ sid, status: 'queued', to }))
    }),
}

const listening = (server: Server) =>
  new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )

const listen = async (kind: SinkKind): Promise<SinkPlace> => {
  if (kind === 'smtp') return { port: await listening(mailServer()) }
  const idle = { keepAliveTimeout: 60_000 }
  if (kind !== 'push') return { port: await listening(createServer(idle, listeners[kind])) }
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  const server = createSecureServer({ ...idle, key, cert }, listeners.push)
  return { port: await listening(server), ca: cert }
}

const begin = () => {
  counts = new Map()
  times = []
}

const report = (): SinkReport => {
  const received = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const [from, to] = [0.1, 0.9].map((part) => Math.floor(times.length * part)) as [number, number]
  const seconds = ((times[to] ?? Number.NaN) - (times[from] ?? Number.NaN)) / 1_000
  const examples = [...counts]
    .filter(([, count]) => count > 1)
    .slice(0, EXAMPLES)
    .map(([key, count]) => `${JSON.stringify(key)} came ${count} times`)
  return { received, distinct: counts.size, examples, rate: (to - from) / seconds }
}

/** Returns when keys with this prefix were received, on `clock()`. */
const timesOf = (prefix: string): [key: string, at: number][] =>
  [...counts.keys()].flatMap((key, index) =>
    key.startsWith(prefix) ? [[key, times[index] ?? Number.NaN] as [string, number]] : [],
  )

const calls = { listen, begin, report, timesOf }
export type SinkApi = typeof calls
serve(calls)
