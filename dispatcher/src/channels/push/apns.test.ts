import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:net'
import type { Outcome, Outgoing, Sender } from '@carillon/core/delivery/provider'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { apnsStandIn, type PushAnswer, relay } from '../testing/apns.ts'
import { publicOnlyHttp, sample, testTools } from '../testing/channel.ts'
import { createApns } from './apns.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const account = { key: pem, keyId: 'ABCDE12345', teamId: 'TEAM123456', topic: 'example.app' }
const limits = { timeoutMs: 5_000, pingMs: 60_000, pongMs: 100 }
const token = 'ab'.repeat(32)

const push = (overrides: Partial<Outgoing> = {}, device: { topic?: string } = {}) =>
  sample({
    channel: 'push',
    address: { kind: 'device', id: 'phone', device: { kind: 'apns', token, ...device } },
    ...overrides,
  })

describe('apns', () => {
  let apple: Awaited<ReturnType<typeof apnsStandIn>>
  const senders: Sender[] = []

  const open = (config: object = {}, given: Partial<typeof limits> = {}, tools = testTools()): Sender => {
    const provider = createApns({ ...limits, ...given })
    const at = { ...account, endpoint: apple.endpoint, ca: apple.ca, ...config }
    const sender = provider.open(provider.config.parse(at), tools)
    senders.push(sender)
    return sender
  }
  const sendTo = (sender: Sender, message = push()): Promise<Outcome> =>
    sender.send(message, new AbortController().signal)

  beforeEach(async () => {
    apple = await apnsStandIn(createPublicKey(pem))
  })
  afterEach(async () => {
    vi.useRealTimers()
    for (const sender of senders.splice(0)) await sender.close()
    await apple.close()
  })

  it('sends an alert with the required headers and token', async () => {
    const content = {
      title: 'New comment',
      body: 'Bob wrote',
      url: 'https://app.example/posts/7',
      image: 'https://app.example/bob.png',
      category: 'comments',
      data: { post: 7 },
    }
    const message = push({ content, priority: 'high' })
    const outcome = await sendTo(open(), message)
    const [got] = apple.pushes
    expect(got?.token).toBe(token)
    expect(got?.jwt).toEqual({ kid: 'ABCDE12345', claims: { iss: 'TEAM123456', iat: expect.any(Number) } })
    expect(got?.headers).toMatchObject({
      'apns-topic': 'example.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': String(Math.floor(message.expiresAt / 1_000)),
      'apns-collapse-id': expect.stringMatching(/^[\w-]{32}$/),
      'apns-id': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    })
    expect(got?.payload).toEqual({
      aps: {
        alert: { title: 'New comment', body: 'Bob wrote' },
        sound: 'default',
        'thread-id': 'comments',
        'mutable-content': 1,
      },
      url: 'https://app.example/posts/7',
      image: 'https://app.example/bob.png',
      notification: 'n-1',
      item: message.item,
      type: 'comment',
      data: { post: 7 },
    })
    expect(outcome).toEqual({ outcome: 'sent', id: got?.headers['apns-id'] })
  })

  it('carries the unread count, buttons and the token for reports', async () => {
    const actions = [{ name: 'reply', label: 'Reply', url: 'https://app.example/posts/7' }]
    const content = { title: 'New comment', category: 'comments', group: 'post-7', actions }
    await sendTo(open(), push({ content, push: { badge: 3, token: 'report-1' } }))
    await sendTo(open(), push({ content: { title: 'All read' }, push: { badge: 0, token: 'report-2' } }))
    const [first, second] = apple.pushes.map(({ payload }) => payload)
    expect(first).toMatchObject({
      aps: {
        badge: 3,
        category: 'comment',
        'mutable-content': 1,
        'thread-id': expect.stringMatching(/^[\w-]{32}$/),
      },
      actions,
      report: 'report-1',
    })
    expect(second.aps).toEqual({ alert: { title: 'All read' }, badge: 0, sound: 'default' })
  })

  it('sends an update in the background, without an alert', async () => {
    const message = push({
      content: {},
      item: undefined,
      priority: 'low',
      update: { badge: 2, withdraw: ['a', 'b'], replace: [{ tag: 'c', title: 'Ready' }] },
    })
    expect(await sendTo(open(), message)).toMatchObject({ outcome: 'sent' })
    const [got] = apple.pushes
    expect(got?.headers).toMatchObject({
      'apns-push-type': 'background',
      'apns-priority': '5',
      'apns-collapse-id': 'carillon-update',
    })
    expect(got?.payload).toEqual({
      aps: { 'content-available': 1, badge: 2 },
      withdraw: ['a', 'b'],
      replace: [{ tag: 'c', title: 'Ready' }],
    })
  })

  it('sends a repeated message with the same ids, and other items with other ids', async () => {
    const sender = open()
    const message = push()
    await sendTo(sender, message)
    await sendTo(sender, { ...message, attempt: 2 })
    await sendTo(sender, push({ item: 'another' }))
    const ids = (name: string) => apple.pushes.map(({ headers }) => headers[name])
    expect(ids('apns-id')[1]).toBe(ids('apns-id')[0])
    expect(ids('apns-collapse-id')[1]).toBe(ids('apns-collapse-id')[0])
    expect(ids('apns-collapse-id')[2]).not.toBe(ids('apns-collapse-id')[0])
  })

  it('sends many messages over one connection with one token', async () => {
    const sender = open()
    const connections = vi.fn()
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, at) => {
        apple.sessions.forEach(connections)
        return sendTo(sender, push({ key: `k${at}`, item: `i${at}`, priority: 'low' }))
      }),
    )
    expect(outcomes.every(({ outcome }) => outcome === 'sent')).toBe(true)
    expect(apple.sessions.size).toBe(1)
    expect(new Set(apple.pushes.map(({ headers }) => headers.authorization)).size).toBe(1)
    expect(apple.pushes[0]?.payload.aps.sound).toBeUndefined()
  })

  it('keeps the payload within 4096 bytes', async () => {
    const content = { title: 'Long', body: 'ß'.repeat(16_000), data: { x: 'x'.repeat(4_000) } }
    await sendTo(open(), push({ content }))
    const { payload } = apple.pushes[0] ?? {}
    expect(payload.data).toBeUndefined()
    expect(payload.aps.alert.body).toMatch(/^ß{1500,}…$/)
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThanOrEqual(4_096)
  })

  it.each([
    [400, 'BadDeviceToken', { outcome: 'refused', reason: 'bad_device_token', forget: 'device' }],
    [400, 'DeviceTokenNotForTopic', { outcome: 'refused', forget: 'device' }],
    [410, 'Unregistered', { outcome: 'refused', reason: 'unregistered', forget: 'device' }],
    [410, undefined, { outcome: 'refused', reason: 'unregistered', forget: 'device' }],
    [413, 'PayloadTooLarge', { outcome: 'refused', reason: 'payload_too_large' }],
    [400, 'BadCollapseId', { outcome: 'refused', reason: 'bad_collapse_id' }],
    [400, 'MissingTopic', { outcome: 'account', reason: 'missing_topic' }],
    [400, 'TopicDisallowed', { outcome: 'account', reason: 'topic_disallowed' }],
    [403, 'InvalidProviderToken', { outcome: 'account', reason: 'invalid_provider_token' }],
    [403, 'ExpiredProviderToken', { outcome: 'account', reason: 'expired_provider_token' }],
    [403, 'BadCertificate', { outcome: 'account', reason: 'bad_certificate' }],
    [429, 'TooManyProviderTokenUpdates', { outcome: 'account' }],
    [
      429,
      'TooManyRequests',
      { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', afterMs: 7_000 },
    ],
    [500, 'InternalServerError', { outcome: 'retry', reason: 'internal_server_error' }],
    [503, 'ServiceUnavailable', { outcome: 'retry', reason: 'service_unavailable' }],
    [503, 'Shutdown', { outcome: 'retry', reason: 'shutdown' }],
    [502, undefined, { outcome: 'retry', reason: 'provider_error' }],
  ])('maps %i %s to an outcome', async (status, reason, expected) => {
    apple.answerWith({ status, reason, headers: status === 429 ? { 'retry-after': '7' } : {} })
    const outcome = await sendTo(open())
    expect(outcome).toMatchObject(expected)
    expect('forget' in outcome).toBe('forget' in expected)
  })

  it('attributes a refused topic to the device if the topic belongs to it', async () => {
    apple.answerWith({ status: 400, reason: 'TopicDisallowed' })
    const outcome = await sendTo(open(), push({}, { topic: 'someone.elses.app' }))
    expect(outcome).toMatchObject({ outcome: 'refused', forget: 'device' })
    expect(apple.pushes[0]?.headers['apns-topic']).toBe('someone.elses.app')
  })

  it('renews its token after 50 minutes, or when Apple rejects it as expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const sender = open()
    const used = async () => {
      expect(await sendTo(sender)).toMatchObject({ outcome: 'sent' })
      return apple.pushes.at(-1)?.headers.authorization
    }
    const first = await used()
    vi.setSystemTime(Date.now() + 49 * 60_000)
    expect(await used()).toBe(first)
    vi.setSystemTime(Date.now() + 2 * 60_000)
    const second = await used()
    expect(second).not.toBe(first)
    vi.setSystemTime(Date.now() + 21 * 60_000)
    apple.answerWith(({ headers }) =>
      headers.authorization === second ? { status: 403, reason: 'ExpiredProviderToken' } : 'ok',
    )
    expect(await used()).not.toBe(second)
  })

  it('is in doubt about a request whose stream was reset', async () => {
    apple.answerWith('reset')
    expect(await sendTo(open())).toMatchObject({ outcome: 'doubt', reason: 'broken' })
  })

  it('is in doubt about pending requests of a lost connection, and reconnects', async () => {
    const sender = open()
    apple.answerWith(({ session }) => {
      session.destroy()
      return 'hang'
    })
    expect(await sendTo(sender)).toMatchObject({ outcome: 'doubt', reason: 'broken' })
    apple.answerWith('ok')
    expect(await sendTo(sender)).toMatchObject({ outcome: 'sent' })
  })

  it('is in doubt if the response times out', async () => {
    apple.answerWith('hang')
    expect(await sendTo(open({}, { timeoutMs: 100 }))).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
  })

  it('stops reading an endless response', async () => {
    apple.answerWith(({ stream }) => {
      stream.respond({ ':status': 500 })
      stream.write('x'.repeat(100_000))
      return 'hang'
    })
    expect(await sendTo(open())).toMatchObject({ outcome: 'doubt', reason: 'too_large' })
  })

  it('aborts on the signal, before and after the request is written', async () => {
    const sender = open()
    const early = await sender.send(push(), AbortSignal.abort())
    expect(early).toMatchObject({ outcome: 'retry', reason: 'timeout' })
    const abort = new AbortController()
    apple.answerWith(() => {
      abort.abort()
      return 'hang'
    })
    expect(await sender.send(push(), abort.signal)).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
    expect(apple.pushes).toHaveLength(1)
  })

  it('detects a silent connection and replaces it', async () => {
    const lines = await relay(apple.endpoint)
    const sender = open({ endpoint: lines.endpoint }, { pingMs: 50 })
    apple.answerWith(() => {
      lines.freeze()
      return 'hang'
    })
    expect(await sendTo(sender)).toMatchObject({ outcome: 'doubt', reason: 'broken' })
    apple.answerWith('ok')
    expect(await sendTo(sender)).toMatchObject({ outcome: 'sent' })
    await lines.close()
  })

  describe('on GOAWAY', () => {
    it.each([
      ['without an error', 0],
      ['with an error', 2],
    ])('%s: retries unprocessed requests and is in doubt about the others', async (_, code) => {
      const sender = open()
      await sendTo(sender)
      const streams = new Map<string, ServerHttp2Stream>()
      apple.answerWith(({ session, stream, payload }) => {
        streams.set(payload.item, stream)
        const first = streams.get('first')
        if (first === undefined || streams.size < 2) return 'hang'
        session.goaway(code, first.id)
        if (code === 0) setImmediate(() => first.destroy())
        return 'hang'
      })
      const outcomes = Promise.all([
        sendTo(sender, push({ item: 'first' })),
        sendTo(sender, push({ item: 'second' })),
      ])
      expect(await outcomes).toMatchObject([
        { outcome: 'doubt' },
        { outcome: 'retry', reason: 'unreachable' },
      ])
      apple.answerWith('ok')
      expect(await sendTo(sender)).toMatchObject({ outcome: 'sent' })
    })

    it('finishes accepted requests while new ones use a new connection', async () => {
      const sender = open()
      let finish = () => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const leaving = new Promise<void>((resolve) => {
        apple.answerWith(async ({ session }): Promise<PushAnswer> => {
          session.goaway(0)
          resolve()
          await finished
          return 'ok'
        })
      })
      const slow = sendTo(sender, push({ item: 'slow' }))
      await leaving
      apple.answerWith('ok')
      await vi.waitFor(async () => {
        await sendTo(sender)
        expect(apple.sessions.size).toBe(2)
      }, 15_000)
      finish()
      expect(await slow).toMatchObject({ outcome: 'sent' })
    })
  })

  it('retries if no server is reached', async () => {
    const { endpoint } = apple
    await apple.close()
    const outcome = await sendTo(open({ endpoint }))
    expect(outcome).toMatchObject({
      outcome: 'retry',
      reason: 'unreachable',
      detail: 'no connection: ECONNREFUSED',
    })
  })

  it('retries if the server does not complete the TLS handshake', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const outcome = await sendTo(open({ endpoint: `https://127.0.0.1:${port}` }, { timeoutMs: 100 }))
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'timeout' })
    silent.close()
  })

  it('rejects an untrusted certificate', async () => {
    const outcome = await sendTo(open({ ca: undefined }))
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
    expect(apple.pushes).toHaveLength(0)
  })

  it('does not connect to a private address', async () => {
    const outcome = await sendTo(open({}, {}, testTools({ http: publicOnlyHttp })))
    expect(outcome).toMatchObject({ outcome: 'account', reason: 'refused_target' })
  })

  it('verifies an account with a PING, without sending', async () => {
    const sender = open()
    await sender.verify()
    expect(apple.pings()).toBeGreaterThan(0)
    expect(apple.pushes).toHaveLength(0)
    await expect(open({ ca: undefined }).verify()).rejects.toThrow('no connection')
  })

  it('reports missing and invalid fields of a config', () => {
    const { config } = createApns(limits)
    const issues = (given: object) => config.safeParse(given).error?.issues.map(({ path }) => path.join('.'))
    expect(issues({})).toEqual(['key', 'keyId', 'teamId', 'topic'])
    expect(issues({ ...account, key: 'nonsense', keyId: 'x' })).toEqual(['key', 'keyId'])
    expect(issues({ ...account, endpoint: 'http://api.push.apple.com' })).toEqual(['endpoint'])
  })
})
