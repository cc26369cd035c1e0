import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import {
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type JWTPayload, jwtVerify } from 'jose'
import { generate } from 'selfsigned'

/** A certificate for 127.0.0.1, which signs itself. */
export const certificate = async (): Promise<{ key: string; cert: string }> => {
  const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { key: pems.private, cert: pems.cert }
}

/** A push that the stand-in has got whole; `jwt` is verified. */
export type Push = {
  token: string
  headers: IncomingHttpHeaders
  jwt: { kid?: string; claims: JWTPayload }
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's to say
  payload: any
  session: ServerHttp2Session
  stream: ServerHttp2Stream
}

/** As APNs answers: 200, or a status and a reason. `reset`: RST_STREAM without an answer. `hang`: nothing at all. */
export type PushAnswer =
  | { status: number; reason?: string; headers?: Record<string, string> }
  | 'ok'
  | 'reset'
  | 'hang'

/** APNs on a free port of 127.0.0.1: refuses tokens that `key` has not signed, else answers as told. */
export const apnsStandIn = async (key: KeyObject) => {
  const { key: tlsKey, cert } = await certificate()
  const server = createSecureServer({ key: tlsKey, cert })
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const pushes: Push[] = []
  let pings = 0
  let answering: (push: Push) => PushAnswer | Promise<PushAnswer> = () => 'ok'

  const answer = (stream: ServerHttp2Stream, { status, reason, headers }: Exclude<PushAnswer, string>) => {
    stream.respond({ ':status': status, ...headers })
    stream.end(reason === undefined ? undefined : JSON.stringify({ reason }))
  }

  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('ping', () => {
      pings++
    })
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => undefined)
    const body = await text(stream)
    const token = /^\/3\/device\/([0-9a-f]+)$/.exec(headers[':path'] ?? '')?.[1]
    const jwt = headers.authorization?.replace('bearer ', '') ?? ''
    const verified = await jwtVerify(jwt, key, {
      algorithms: ['ES256'],
      requiredClaims: ['iss', 'iat'],
    }).catch(() => undefined)
    if (headers[':method'] !== 'POST' || token === undefined)
      return answer(stream, { status: 404, reason: 'BadPath' })
    if (!verified) return answer(stream, { status: 403, reason: 'InvalidProviderToken' })
    const push: Push = {
      token,
      headers,
      jwt: { kid: verified.protectedHeader.kid, claims: verified.payload },
      payload: JSON.parse(body),
      session: stream.session as ServerHttp2Session,
      stream,
    }
    pushes.push(push)
    const told = await answering(push)
    if (told === 'hang' || stream.destroyed) return
    if (told === 'reset') return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    const id = String(headers['apns-id'])
    answer(stream, told === 'ok' ? { status: 200, headers: { 'apns-id': id } } : told)
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: cert,
    pushes,
    sessions,
    sockets,
    pings: () => pings,
    answerWith: (told: PushAnswer | typeof answering) => {
      answering = typeof told === 'function' ? told : () => told
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A network between a sender and a server that can go silent: connections stay open, and carry nothing any more. */
export const relay = async (endpoint: string) => {
  const { port } = new URL(endpoint)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What is connected now goes silent; what connects later does not. */
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
