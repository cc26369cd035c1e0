import { createECDH, createPublicKey, type ECDH, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Content, Outcome, Outgoing } from '@carillon/core/delivery/provider'
import { newVapidKeys } from '@carillon/core/security/new-tenant'
import { type JWTPayload, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { sample, testTools } from '../testing/channel.ts'
import { webPush } from './web-push.ts'

const require = createRequire(import.meta.url)
const { decrypt } = require('http_ece') as {
  decrypt(data: Buffer, how: { version: string; privateKey: ECDH; authSecret: Buffer }): Buffer
}

/** Returns the application server key, the `k` parameter of the header (RFC 8292, section 3.2). */
const verifyVapid = async (header: string, audience: string) => {
  const [, token = '', k = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? []
  const point = Buffer.from(k, 'base64url')
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  const { payload } = await jwtVerify(token, key, { algorithms: ['ES256'], audience })
  return { claims: payload, k }
}

type Push = {
  path: string
  headers: IncomingHttpHeaders
  claims: JWTPayload
  k: string
  bytes: number
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on arbitrary properties
  payload: any
}

/** A push service with one subscribed browser: verifies and decrypts requests, and responds as configured. */
const pushService = async () => {
  const browser = createECDH('prime256v1')
  const p256dh = browser.generateKeys('base64url')
  const authSecret = randomBytes(16)
  const pushes: Push[] = []
  let answer = (response: ServerResponse) => {
    response.writeHead(201, { location: '/message/m-1' }).end()
  }
  const server: Server = createServer(async (request, response) => {
    const body = await buffer(request)
    const { claims, k } = await verifyVapid(request.headers.authorization ?? '', origin)
    const plain = decrypt(body, { version: 'aes128gcm', privateKey: browser, authSecret })
    const payload = JSON.parse(plain.toString())
    pushes.push({ path: request.url ?? '', headers: request.headers, claims, k, bytes: body.length, payload })
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    pushes,
    device: {
      kind: 'web-push' as const,
      endpoint: `${origin}/push/abc`,
      keys: { p256dh, auth: authSecret.toString('base64url') },
    },
    answerWith: (given: typeof answer) => {
      answer = given
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('web push', () => {
  let service: Awaited<ReturnType<typeof pushService>>
  const vapid = newVapidKeys()

  const open = (config: object = {}, tools: Parameters<typeof testTools>[0] = {}) =>
    webPush.open(
      webPush.config.parse({ origins: [service.origin], ...config }),
      testTools({ vapid, ...tools }),
    )
  const push = (overrides: Partial<Outgoing> = {}, device: object = {}): Outgoing =>
    sample({
      channel: 'push',
      address: { kind: 'device', id: 'browser', device: { ...service.device, ...device } },
      ...overrides,
    })
  const sendBy = (sender: ReturnType<typeof open>, message = push()): Promise<Outcome> =>
    sender.send(message, new AbortController().signal)

  beforeEach(async () => {
    service = await pushService()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await service.close()
  })

  it('sends a message that only the subscribed browser can read', async () => {
    const content: Content = {
      title: 'New comment',
      body: 'Bob wrote',
      url: 'https://app.example/posts/7',
      image: 'https://app.example/bob.png',
      actions: [{ name: 'reply', label: 'Reply' }],
      data: { post: 7 },
    }
    const message = push({ content, priority: 'critical' })
    expect(await sendBy(open(), message)).toEqual({ outcome: 'sent', id: 'm-1' })
    const [got] = service.pushes
    expect(got?.path).toBe('/push/abc')
    expect(got?.payload).toEqual({ ...content, tag: message.item, item: message.item, notification: 'n-1' })
    expect(got?.headers).toMatchObject({
      'content-encoding': 'aes128gcm',
      urgency: 'high',
      topic: expect.stringMatching(/^[\w-]{32}$/),
    })
    expect(Number(got?.headers.ttl)).toBeGreaterThan(3_590)
  })

  it('carries the unread count, the group and the token for reports; paths stay paths', async () => {
    const grouped = (key: string, type = 'comment', context?: string) =>
      push({ type, push: { badge: 3, token: 'report-1' }, content: { url: '/posts/7', group: key, context } })
    for (const message of [
      grouped('post-7'),
      grouped('post-7'),
      grouped('post-8'),
      grouped('post-7', 'like'),
      grouped('post-7', 'comment', 'acme'),
    ])
      await sendBy(open(), message)
    const payloads = service.pushes.map(({ payload }) => payload)
    expect(payloads[0]).toMatchObject({ badge: 3, report: 'report-1', url: '/posts/7' })
    const groups = payloads.map(({ group }) => group)
    expect(groups[0]).toMatch(/^[\w-]{32}$/)
    expect(groups[1]).toBe(groups[0])
    expect(new Set(groups).size).toBe(4)
  })

  it("signs with the tenant's keys, for the origin, for twelve hours", async () => {
    await sendBy(open())
    const { claims, k } = service.pushes[0] ?? {}
    expect(k).toBe(vapid.publicKey)
    expect(claims).toMatchObject({ aud: service.origin, sub: 'https://hub.example' })
    const hours = ((claims?.exp ?? 0) - Date.now() / 1_000) / 3_600
    expect(hours).toBeGreaterThan(11.9)
    expect(hours).toBeLessThanOrEqual(12)
  })

  it('uses keys and subject of the config', async () => {
    const keys = newVapidKeys()
    await sendBy(open({ ...keys, subject: 'mailto:ops@app.example' }))
    expect(service.pushes[0]).toMatchObject({ k: keys.publicKey, claims: { sub: 'mailto:ops@app.example' } })
  })

  it.each([undefined, 'http://hub.example', 'https://localhost:4000', 'https://10.0.0.7'])(
    'uses a subject that Apple accepts if the public URL is %s',
    async (publicUrl) => {
      await sendBy(open({}, { publicUrl }))
      expect(service.pushes[0]?.claims.sub).toBe('mailto:carillon@example.com')
    },
  )

  it('signs once per origin, and again before the signature expires or after the clock is set back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const sender = open()
    const used = async (afterHours: number) => {
      vi.setSystemTime(Date.now() + afterHours * 3_600_000)
      await sendBy(sender)
      return service.pushes.at(-1)?.headers.authorization
    }
    const first = await used(0)
    expect(await used(10.9)).toBe(first)
    const second = await used(0.2)
    expect(second).not.toBe(first)
    expect(await used(-24)).not.toBe(second)
  })

  it('replaces a message only by its repetition', async () => {
    const sender = open()
    const message = push()
    for (const sent of [
      message,
      { ...message, attempt: 2 },
      push({ item: 'other' }),
      push({ item: undefined }),
    ])
      await sendBy(sender, sent)
    const topics = service.pushes.map(({ headers }) => headers.topic)
    expect(topics[1]).toBe(topics[0])
    expect(new Set(topics).size).toBe(3)
  })

  it('limits the TTL to 28 days, and to zero once expired', async () => {
    const sender = open()
    await sendBy(sender, push({ expiresAt: Date.now() + 60 * 86_400_000 }))
    await sendBy(sender, push({ expiresAt: Date.now() - 1 }))
    expect(service.pushes.map(({ headers }) => headers.ttl)).toEqual(['2419200', '0'])
  })

  it('fits into 4096 bytes', async () => {
    const content = { title: 'Long', body: 'ß'.repeat(16_000), data: { x: 'x' } }
    await sendBy(open(), push({ content }))
    const { bytes, payload } = service.pushes[0] ?? {}
    expect(bytes).toBeLessThanOrEqual(4_096)
    expect(bytes).toBeGreaterThan(4_090)
    expect(payload.data).toBeUndefined()
    expect(payload.body).toMatch(/^ß+…$/)
  })

  const google =
    'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n'
  it.each<[number, string, object]>([
    [200, '', { outcome: 'sent' }],
    [202, '', { outcome: 'sent' }],
    [404, '', { outcome: 'refused', reason: 'unsubscribed', forget: 'device' }],
    [
      410,
      '{"reason":"Unregistered"}',
      { outcome: 'refused', detail: 'HTTP 410 Unregistered', forget: 'device' },
    ],
    [400, '{"reason":"BadWebPushTopic"}', { outcome: 'refused', detail: 'HTTP 400 BadWebPushTopic' }],
    [413, '', { outcome: 'refused', reason: 'too_large' }],
    [401, '{"errno":109}', { outcome: 'account', reason: 'not_authorized', detail: 'HTTP 401 errno 109' }],
    [403, '{"reason":"BadJwtToken"}', { outcome: 'account', reason: 'not_authorized' }],
    [403, google, { outcome: 'refused', reason: 'subscribed_with_other_keys', forget: 'device' }],
    [400, '{"reason":"VapidPkHashMismatch"}', { outcome: 'refused', forget: 'device' }],
    [401, '{"errno":109,"message":"VAPID public key mismatch"}', { outcome: 'refused', forget: 'device' }],
    [406, '', { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', afterMs: 120_000 }],
    [429, '', { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', afterMs: 120_000 }],
    [500, '', { outcome: 'retry', reason: 'provider_error' }],
    [503, '', { outcome: 'retry', reason: 'provider_error', afterMs: 120_000 }],
  ])('maps %i %s to an outcome', async (status, body, expected) => {
    service.answerWith((response) => response.writeHead(status, { 'retry-after': '120' }).end(body))
    const outcome = await sendBy(open())
    expect(outcome).toMatchObject(expected)
    expect('forget' in outcome).toBe('forget' in expected)
  })

  it('requests endpoints of push services only', async () => {
    const sender = open({ origins: undefined })
    const refused = { outcome: 'refused', reason: 'endpoint_not_allowed' }
    expect(await sendBy(sender)).toMatchObject(refused)
    const metadata = push({}, { endpoint: 'https://169.254.169.254/latest' })
    expect(await sendBy(sender, metadata)).toMatchObject(refused)
    expect(service.pushes).toHaveLength(0)
  })

  // The origin is allowed, so that the client itself rejects the private address.
  httpFaultContract((origin, http, signal) =>
    open({ origins: [origin] }, { http }).send(push({}, { endpoint: `${origin}/push/abc` }), signal),
  )

  it('removes a subscription with invalid keys', async () => {
    const keys = { p256dh: randomBytes(65).toString('base64url'), auth: service.device.keys.auth }
    const outcome = await sendBy(open(), push({}, { keys }))
    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'invalid_keys', forget: 'device' })
  })

  it('verifies that its keys are a key pair', async () => {
    await open().verify()
    const strangers = { ...vapid, publicKey: newVapidKeys().publicKey }
    await expect(open({}, { vapid: strangers }).verify()).rejects.toThrow('not a key pair')
  })

  it('reports missing and invalid fields of a config', () => {
    const issues = (config: object) =>
      webPush.config.safeParse(config).error?.issues.map(({ path }) => path.join('.'))
    expect(issues({})).toBeUndefined()
    expect(issues(vapid)).toBeUndefined()
    expect(issues({ publicKey: vapid.publicKey })).toEqual(['privateKey'])
    expect(issues({ privateKey: vapid.privateKey })).toEqual(['publicKey'])
    expect(issues({ ...vapid, publicKey: newVapidKeys().publicKey })).toEqual(['privateKey'])
    expect(issues({ subject: 'ops@app.example', origins: ['*'] })).toEqual(['subject', 'origins.0'])
  })
})
