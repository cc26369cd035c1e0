import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Content, Outcome, Outgoing, Sender } from '@carillon/core/delivery/provider'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { publicOnlyHttp, sample, testTools } from '../testing/channel.ts'
import { fcmError, fcmStandIn } from '../testing/fcm.ts'
import { createFcm } from './fcm.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const serviceAccount = {
  project_id: 'app',
  client_email: 'hub@app.iam.gserviceaccount.com',
  private_key: pem,
}
const limits = { connectMs: 1_000, answerMs: 5_000, totalMs: 10_000 }
const hasty = { connectMs: 200, answerMs: 200, totalMs: 1_000 }
const token = 'device-token-0123456789'

const push = (overrides: Partial<Outgoing> = {}, device: object = {}): Outgoing =>
  sample({
    channel: 'push',
    address: { kind: 'device', id: 'phone', device: { kind: 'fcm', token, ...device } },
    ...overrides,
  })

describe('fcm', () => {
  let google: Awaited<ReturnType<typeof fcmStandIn>>
  const senders: Sender[] = []

  const open = (config: object = {}, given = limits, tools = testTools()): Sender => {
    const provider = createFcm(given)
    const at = { serviceAccount, endpoint: google.endpoint, ca: google.ca, ...config }
    const sender = provider.open(provider.config.parse(at), tools)
    senders.push(sender)
    return sender
  }
  const sendBy = (sender: Sender, message = push()): Promise<Outcome> =>
    sender.send(message, new AbortController().signal)

  beforeEach(async () => {
    google = await fcmStandIn(createPublicKey(privateKey), serviceAccount.client_email)
  })
  afterEach(async () => {
    for (const sender of senders.splice(0)) await sender.close()
    await google.close()
  })

  it('sends a message for every platform', async () => {
    const content: Content = {
      title: 'New comment',
      body: 'Bob wrote',
      url: 'https://app.example/posts/7',
      image: 'https://app.example/bob.png',
      category: 'comments',
      data: { post: 7 },
    }
    const message = push({ content, priority: 'high' })
    expect(await sendBy(open(), message)).toEqual({ outcome: 'sent', id: '1' })
    const [got] = google.sent
    expect(got?.path).toBe('/v1/projects/app/messages:send')
    const replaces = got?.message.android.collapse_key
    expect(replaces).toMatch(/^[\w-]{32}$/)
    expect(got?.message).toMatchObject({
      token,
      notification: { title: 'New comment', body: 'Bob wrote', image: 'https://app.example/bob.png' },
      data: {
        notification: 'n-1',
        item: message.item,
        type: 'comment',
        url: 'https://app.example/posts/7',
        data: '{"post":7}',
      },
      android: { priority: 'high', notification: { tag: replaces } },
      apns: {
        headers: { 'apns-collapse-id': replaces, 'apns-priority': '10' },
        payload: { aps: { sound: 'default', 'thread-id': 'comments', 'mutable-content': 1 } },
      },
      webpush: { headers: { Urgency: 'high', Topic: replaces }, fcmOptions: { link: content.url } },
    })
    expect(Number.parseInt(got?.message.android.ttl, 10)).toBeGreaterThan(3_590)
  })

  it('carries the unread count, the picture, buttons and the token for reports to every platform', async () => {
    const content: Content = {
      title: 'New comment',
      image: 'https://app.example/bob.png',
      actions: [{ name: 'reply', label: 'Reply' }],
    }
    const message = push({ content, push: { badge: 3, token: 'report-1' } })
    await sendBy(open(), message)
    const picture = content.image
    expect(google.sent[0]?.message).toMatchObject({
      notification: { title: 'New comment', image: picture },
      data: { badge: '3', report: 'report-1', actions: JSON.stringify(content.actions) },
      android: { notification: { notification_count: 3 } },
      apns: {
        headers: { 'apns-push-type': 'alert' },
        payload: { aps: { badge: 3, category: 'comment', 'mutable-content': 1 } },
        fcmOptions: { image: picture },
      },
      webpush: { notification: { image: picture, actions: [{ action: 'reply', title: 'Reply' }] } },
    })
  })

  it('leaves it to Android and web apps to show a message of an account with dataOnly', async () => {
    const content: Content = { title: 'New comment', body: 'Bob wrote', group: 'post-7' }
    await sendBy(open({ dataOnly: true }), push({ content, push: { badge: 3, token: 'report-1' } }))
    const { message } = google.sent[0] ?? {}
    expect(message.notification).toBeUndefined()
    expect(message.android.notification).toBeUndefined()
    expect(message.webpush.notification).toBeUndefined()
    expect(message.data).toMatchObject({
      title: 'New comment',
      body: 'Bob wrote',
      badge: '3',
      tag: message.android.collapse_key,
    })
    expect(message.apns.payload.aps).toMatchObject({
      alert: { title: 'New comment', body: 'Bob wrote' },
      badge: 3,
    })
  })

  it('sends an update as data, which replaces an earlier one', async () => {
    const update = { badge: 2, withdraw: ['a', 'b'], replace: [{ tag: 'c', title: 'Ready' }] }
    await sendBy(open(), push({ content: {}, item: undefined, priority: 'low', update }))
    const { message } = google.sent[0] ?? {}
    expect(message).toMatchObject({
      token,
      data: { badge: '2', withdraw: '["a","b"]', replace: '[{"tag":"c","title":"Ready"}]' },
      android: { collapse_key: 'carillon-update', priority: 'normal' },
      apns: {
        headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
        payload: { aps: { 'content-available': 1, badge: 2 } },
      },
    })
    expect([message.notification, message.webpush, message.android.notification]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('keeps the payload within 4096 bytes', async () => {
    await sendBy(open(), push({ content: { title: 'Long', body: 'ß'.repeat(16_000), data: { x: 'x' } } }))
    const { notification, data } = google.sent[0]?.message ?? {}
    expect(Buffer.byteLength(JSON.stringify({ notification, data }))).toBeLessThanOrEqual(4_096)
    expect(notification.body).toMatch(/^ß{1500,}…$/)
    expect(data.data).toBeUndefined()
  })

  it('returns the outcome of each message of a batch, with one access token and pooled connections', async () => {
    google.answerWith((response, one) => {
      const answers: Record<string, typeof google.accepted> = {
        gone: fcmError(404, 'NOT_FOUND', 'UNREGISTERED', 'Requested entity was not found.'),
        busy: fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE'),
        torn: (response) => response.write('{', () => response.socket?.destroy()),
      }
      const answer = answers[one.message.token.slice(0, 4)] ?? google.accepted
      answer(response, one)
    })
    const sender = open()
    const send = (token: string) => sendBy(sender, push({}, { token: `${token}-0123456789abcdef` }))
    const outcomes = await Promise.all(['good', 'gone', 'torn', 'busy', 'fine'].map(send))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['sent', 'refused', 'doubt', 'retry', 'sent'])
    const before = google.connections()
    for (let more = 0; more < 5; more++) await send('good')
    expect(google.connections()).toBe(before)
    expect(google.tokens()).toBe(1)
  })

  it.each<[string, ReturnType<typeof fcmError>, object]>([
    ['UNREGISTERED', fcmError(404, 'NOT_FOUND', 'UNREGISTERED'), { outcome: 'refused', forget: 'device' }],
    [
      'SENDER_ID_MISMATCH',
      fcmError(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH', 'SenderId mismatch'),
      { outcome: 'refused', reason: 'other_sender', forget: 'device' },
    ],
    [
      'INVALID_ARGUMENT of the token',
      fcmError(
        400,
        'INVALID_ARGUMENT',
        'INVALID_ARGUMENT',
        'The registration token is not a valid FCM registration token',
      ),
      { outcome: 'refused', reason: 'invalid_token', forget: 'device' },
    ],
    [
      'INVALID_ARGUMENT of the message',
      fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'Message too big'),
      { outcome: 'refused', reason: 'invalid_argument' },
    ],
    [
      'QUOTA_EXCEEDED',
      fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
      { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', afterMs: 60_000 },
    ],
    [
      'RESOURCE_EXHAUSTED of the project',
      fcmError(
        429,
        'RESOURCE_EXHAUSTED',
        undefined,
        "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute' of service 'fcm.googleapis.com' for consumer 'project_number:7'.",
      ),
      { outcome: 'retry', reason: 'rate_limited', scope: 'account', afterMs: 60_000 },
    ],
    ['UNAVAILABLE', fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE'), { outcome: 'retry', afterMs: 10_000 }],
    ['INTERNAL', fcmError(500, 'INTERNAL', 'INTERNAL'), { outcome: 'retry', reason: 'provider_error' }],
    ['UNAUTHENTICATED', fcmError(401, 'UNAUTHENTICATED'), { outcome: 'account', reason: 'not_authorized' }],
    [
      'PERMISSION_DENIED',
      fcmError(403, 'PERMISSION_DENIED', undefined, "Permission 'cloudmessaging.messages.create' denied"),
      { outcome: 'account', detail: "Permission 'cloudmessaging.messages.create' denied" },
    ],
    [
      'THIRD_PARTY_AUTH_ERROR',
      fcmError(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'),
      { outcome: 'account' },
    ],
  ])('maps %s to an outcome without retrying', async (_, answer, expected) => {
    google.answerWith(answer)
    const outcome = await sendBy(open())
    expect(outcome).toMatchObject(expected)
    expect('forget' in outcome).toBe('forget' in expected)
    expect(google.sent).toHaveLength(1)
  })

  it.each([429, 503])('respects the Retry-After of a %i', async (status) => {
    google.answerWith(
      fcmError(status, 'X', status === 429 ? 'QUOTA_EXCEEDED' : 'UNAVAILABLE', 'x', { 'retry-after': '240' }),
    )
    const outcome = await sendBy(open())
    const afterMs = outcome.outcome === 'retry' ? outcome.afterMs : undefined
    expect(afterMs).toBeGreaterThan(230_000)
    expect(afterMs).toBeLessThanOrEqual(240_000)
  })

  it.each<[string, ReturnType<typeof fcmError>]>([
    ['is dropped', (response) => response.socket?.destroy()],
    ['is cut off', (response) => response.write('{', () => response.socket?.destroy())],
    ['never arrives', () => undefined],
    [
      'never ends',
      (response) => {
        const more = setInterval(() => response.write(' '), 20)
        response.once('close', () => clearInterval(more))
      },
    ],
    [
      'is endless',
      (response) => {
        const more = () => {
          while (!response.destroyed && response.write(' '.repeat(16_384)));
          response.once('drain', more)
        }
        more()
      },
    ],
  ])('is in doubt about a message whose response %s, and continues', async (_, answer) => {
    const sender = open({}, hasty)
    google.answerWith(answer)
    expect(await sendBy(sender)).toMatchObject({ outcome: 'doubt', reason: 'broken' })
    expect(google.sent).toHaveLength(1)
    google.answerWith(google.accepted)
    expect(await sendBy(sender)).toMatchObject({ outcome: 'sent' })
  })

  it('aborts on the signal, before and after the request is written', async () => {
    const sender = open()
    expect(await sender.send(push(), AbortSignal.abort())).toMatchObject({ outcome: 'retry' })
    const abort = new AbortController()
    google.answerWith(() => abort.abort())
    expect(await sender.send(push(), abort.signal)).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
    expect(google.sent).toHaveLength(1)
  })

  it('retries if no server is reached, or an untrusted one', async () => {
    const untrusted = await sendBy(open({ ca: undefined }))
    expect(untrusted).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
    const sender = open()
    google.answerWith((response, one) => {
      response.setHeader('connection', 'close')
      google.accepted(response, one)
    })
    expect(await sendBy(sender)).toMatchObject({ outcome: 'sent' })
    await google.close()
    expect(await sendBy(sender)).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
  })

  it('does not connect to a private address', async () => {
    const outcome = await sendBy(open({}, limits, testTools({ http: publicOnlyHttp })))
    expect(outcome).toMatchObject({ outcome: 'account', reason: 'refused_target' })
    expect(google.connections()).toBe(0)
  })

  it('does not wait for a server that never responds', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const outcome = await sendBy(open({ endpoint: `https://127.0.0.1:${port}` }, hasty))
    expect(outcome).toMatchObject({ outcome: 'retry' })
    silent.close()
  })

  it('reports a refused access token as an account error, and retries when Google fails', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
    const stranger = {
      ...serviceAccount,
      private_key: other.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    const sender = open({ serviceAccount: stranger })
    expect(await sendBy(sender)).toMatchObject({ outcome: 'account', reason: 'not_authorized' })
    await expect(sender.verify()).rejects.toThrow('invalid_grant')
    google.answerTokensWith((response) => response.writeHead(429).end('{}'))
    expect(await sendBy(open())).toMatchObject({ outcome: 'retry', reason: 'no_access_token' })
    expect(google.sent).toHaveLength(0)
  })

  it('verifies an account without sending', async () => {
    await open().verify()
    expect(google.tokens()).toBe(1)
    expect(google.sent).toHaveLength(0)
  })

  it('reports missing and invalid fields of a config', () => {
    const { config } = createFcm(limits)
    const issues = (given: object) => config.safeParse(given).error?.issues.map(({ path }) => path.join('.'))
    expect(issues({})).toEqual(['serviceAccount'])
    expect(issues({ serviceAccount: {} })).toEqual([
      'serviceAccount.project_id',
      'serviceAccount.client_email',
      'serviceAccount.private_key',
    ])
    expect(issues({ serviceAccount: { ...serviceAccount, private_key: 'nonsense' } })).toEqual([
      'serviceAccount.private_key',
    ])
  })
})
