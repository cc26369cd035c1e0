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

/** Creates a self-signed certificate for 127.0.0.1. */
export const certificate = async (): Promise<{ key: string; cert: string }> => {
  const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { key: pems.private, cert: pems.cert }
}

/** A push that the stand-in received; `jwt` is verified. */
type Push = {
  token: string
  headers: IncomingHttpHeaders
  jwt: { kid?: string; claims: JWTPayload }
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on arbitrary properties
  payload: any
  session: ServerHttp2Session
  stream: ServerHttp2Stream
}

/** A response of APNs: 200, or a status and a reason. `reset` sends RST_STREAM instead, `hang` sends nothing. */
export type PushAnswer =
  | { status: number; reason?: string; headers?: Record<string, string> }
  | 'ok'
  | 'reset'
  | 'hang'

/** Starts a stand-in for APNs on a free port of 127.0.0.1. It rejects tokens that are not signed with `key`. */
export const apnsStandIn = async (key: KeyObject) => {
  const { key: tlsKey, cert } = await certificate()
  const server = createSecureServer({ key: tlsKey, cert })
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const pushes: Push[] = []
  let pings = 0
  let handler: (push: Push) => PushAnswer | Promise<PushAnswer> = () => 'ok'

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
    const response = await handler(push)
    if (response === 'hang' || stream.destroyed) return
    if (response === 'reset') return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    const id = String(headers['apns-id'])
    answer(stream, response === 'ok' ? { status: 200, headers: { 'apns-id': id } } : response)
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
    answerWith: (next: PushAnswer | typeof handler) => {
      handler = typeof next === 'function' ? next : () => next
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Starts a TCP relay that can go silent: connections stay open but carry no more data. */
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
    /** Silences the current connections. Later ones work. */
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
