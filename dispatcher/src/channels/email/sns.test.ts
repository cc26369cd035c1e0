import { sign } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Recorded, standIn, testTools } from '../testing/channel.ts'
import { sesProvider } from './ses.ts'
import { isSnsUrl } from './sns.ts'

const topicArn = 'arn:aws:sns:eu-west-1:123456789012:ses-events'
const config = {
  region: 'eu-west-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret',
  from: { email: 'news@example.com' },
  topicArn,
}
const at = '2026-01-02T03:04:05.678Z'

let pems: { private: string; cert: string }
let old: { private: string; cert: string }
beforeAll(async () => {
  const name = [{ name: 'commonName', value: 'sns.amazonaws.com' }]
  pems = await generate(name, { algorithm: 'sha256' })
  const past = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2021-01-01') }
  old = await generate(name, { algorithm: 'sha256', ...past })
})

let sns: Awaited<ReturnType<typeof standIn>>
beforeEach(async () => {
  sns = await standIn(({ path }: Recorded) => {
    if (path.startsWith('/confirm')) return { body: '<ConfirmSubscriptionResponse/>' }
    return path === '/SimpleNotificationService-0.pem' ? { body: pems.cert } : { body: old.cert }
  })
})
afterEach(() => sns.close())

type Fields = Record<string, string | undefined>

const envelope = (fields: Fields = {}, { version = '2', key = pems.private } = {}): Fields => {
  const sent: Fields = {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: topicArn,
    Message: 'hello',
    Timestamp: at,
    ...fields,
  }
  const signed = Object.keys(sent)
    .filter((name) => sent[name] !== undefined)
    .sort()
    .map((name) => `${name}\n${sent[name]}\n`)
    .join('')
  return {
    ...sent,
    SignatureVersion: version,
    Signature: sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(signed), key).toString('base64'),
    SigningCertURL: `${sns.url}/SimpleNotificationService-0.pem`,
  }
}

const call = (
  body: unknown,
  { account = config, provider = sesProvider(({ origin }) => origin === sns.url) } = {},
) =>
  provider.callback?.(
    {
      method: 'POST',
      url: 'https://hub.example/v1/callbacks/acme/main',
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    },
    account,
    testTools(),
  )

const codeOf = async (calling: Promise<unknown> | undefined) => {
  const error = await calling?.catch((thrown: unknown) => thrown)
  return error instanceof ProblemError ? error.problem.code : error
}

const event = (more: object) =>
  JSON.stringify({ mail: { messageId: 'ses-1', timestamp: '2026-01-02T03:00:00.000Z' }, ...more })

describe('an SNS notification', () => {
  const suppress = { channels: ['email'], address: 'mia@example.com' }
  const bounce = (bounceType: string, bounceSubType: string) =>
    event({
      eventType: 'Bounce',
      bounce: {
        bounceType,
        bounceSubType,
        timestamp: at,
        bouncedRecipients: [{ emailAddress: 'Mia <mia@example.com>' }],
      },
    })

  const complaint = (more: object) =>
    event({
      eventType: 'Complaint',
      complaint: { timestamp: at, complainedRecipients: [{ emailAddress: 'mia@example.com' }], ...more },
    })

  const cases: [message: string, reports: object[]][] = [
    [
      bounce('Permanent', 'General'),
      [{ state: 'failed', reason: 'bounce' }, { suppress: { ...suppress, reason: 'bounce' } }],
    ],
    [bounce('Transient', 'MailboxFull'), [{ state: 'failed', reason: 'mailbox_full' }]],
    [bounce('Transient', 'General'), []],
    [bounce('Transient', 'MessageTooLarge'), [{ state: 'failed', reason: 'message_too_large' }]],
    [bounce('Transient', 'ContentRejected'), [{ state: 'failed', reason: 'content_rejected' }]],
    [bounce('Transient', 'AttachmentRejected'), [{ state: 'failed', reason: 'attachment_rejected' }]],
    [bounce('Transient', 'CustomTimeoutExceeded'), [{ state: 'failed', reason: 'custom_timeout_exceeded' }]],
    [bounce('Undetermined', 'Undetermined'), [{ state: 'failed', reason: 'undetermined' }]],
    [
      bounce('Permanent', 'NoEmail'),
      [{ state: 'failed', reason: 'bounce' }, { suppress: { ...suppress, reason: 'bounce' } }],
    ],
    [
      bounce('Permanent', 'Suppressed'),
      [{ state: 'failed', reason: 'suppressed' }, { suppress: { ...suppress, reason: 'bounce' } }],
    ],
    [
      bounce('Permanent', 'OnAccountSuppressionList'),
      [{ state: 'failed', reason: 'suppressed' }, { suppress: { ...suppress, reason: 'bounce' } }],
    ],
    [
      complaint({ complaintSubType: 'OnAccountSuppressionList' }),
      [{ state: 'failed', reason: 'suppressed' }, { suppress: { ...suppress, reason: 'complaint' } }],
    ],
    [
      complaint({ complaintFeedbackType: 'abuse', complaintSubType: null }),
      [{ suppress: { ...suppress, reason: 'complaint' } }],
    ],
    [complaint({ complaintFeedbackType: 'not-spam' }), []],
    [complaint({ complaintFeedbackType: 'auth-failure' }), []],
    [
      event({ eventType: 'Reject', reject: { reason: 'Bad content' } }),
      [{ state: 'failed', reason: 'content_refused' }],
    ],
    [event({ eventType: 'DeliveryDelay', deliveryDelay: { delayType: 'MailboxFull', timestamp: at } }), []],
    [
      event({
        notificationType: 'Complaint',
        complaint: { timestamp: at, complainedRecipients: [{ emailAddress: 'mia@example.com' }] },
      }),
      [{ suppress: { ...suppress, reason: 'complaint' } }],
    ],
    [event({ eventType: 'Delivery', delivery: { timestamp: at } }), [{ state: 'delivered' }]],
    [event({ eventType: 'Open', open: { timestamp: at } }), [{ state: 'read' }]],
    [event({ eventType: 'Click', click: { timestamp: at } }), [{ state: 'clicked' }]],
    [event({ eventType: 'Send', send: {} }), []],
    ['Successfully validated SNS topic for Amazon SES event publishing.', []],
  ]

  test.each(cases)('%s', async (Message, expected) => {
    const when = Message.includes('"reject"') ? '2026-01-02T03:00:00.000Z' : at
    const reports = expected.map((report) => ({ id: 'ses-1', at: Date.parse(when), ...report }))
    expect(await call(envelope({ Message }))).toEqual({ reports })
  })

  test('is accepted with both signature versions, with and without a subject', async () => {
    const Message = event({ eventType: 'Delivery', delivery: { timestamp: at } })
    for (const version of ['1', '2'])
      for (const Subject of [undefined, 'Amazon SES Email Event'])
        expect((await call(envelope({ Message, Subject }, { version })))?.reports).toHaveLength(1)
  })

  test('requests its certificate once', async () => {
    const provider = sesProvider(({ origin }) => origin === sns.url)
    for (let index = 0; index < 3; index += 1) await call(envelope(), { provider })
    expect(sns.requests.map(({ path }) => path)).toEqual(['/SimpleNotificationService-0.pem'])
  })

  test('confirms a subscription', async () => {
    const SubscribeURL = `${sns.url}/confirm?Token=t`
    const found = await call(envelope({ Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL }))
    expect(found).toEqual({ reports: [] })
    expect(sns.requests.map(({ path }) => path)).toContain('/confirm?Token=t')
  })

  test('is rejected temporarily while SNS does not respond', async () => {
    sns.answerWith({ status: 503 })
    expect(await codeOf(call(envelope()))).toBe('unavailable')
    sns.answerWith('drop')
    expect(await codeOf(call(envelope()))).toBe('unavailable')
    sns.answerWith({ body: 'no certificate' })
    expect(await codeOf(call(envelope()))).toBe('unavailable')
  })
})

describe('a forged notification', () => {
  const confirmation = { Type: 'SubscriptionConfirmation', Token: 't' }

  test.each<[string, () => unknown]>([
    ['not JSON', () => 'hello'],
    ['no signature', () => ({ ...envelope(), Signature: undefined })],
    ['another message', () => ({ ...envelope(), Message: event({ eventType: 'Delivery' }) })],
    ['an added subject', () => ({ ...envelope(), Subject: 'x' })],
    ['another key', () => envelope({}, { key: old.private })],
    ['another version', () => ({ ...envelope({}, { version: '1' }), SignatureVersion: '2' })],
    [
      'an old certificate',
      () => ({ ...envelope({}, { key: old.private }), SigningCertURL: `${sns.url}/old.pem` }),
    ],
    ['a foreign certificate', () => ({ ...envelope(), SigningCertURL: 'https://sns.evil.example/x.pem' })],
    ['another topic', () => envelope({ TopicArn: `${topicArn}-2` })],
    [
      'a confirmation at another host',
      () => envelope({ ...confirmation, SubscribeURL: 'https://evil.example/' }),
    ],
    ['a confirmation without a URL', () => envelope(confirmation)],
  ])('is rejected: %s', async (_, forge) => {
    expect(await codeOf(call(forge()))).toBe('forbidden')
    expect(sns.requests.filter(({ path }) => path.startsWith('/confirm'))).toEqual([])
  })

  test('is rejected without a topicArn', async () => {
    expect(await codeOf(call(envelope(), { account: { ...config, topicArn: '' } }))).toBe('forbidden')
    expect(sns.requests).toEqual([])
  })
})

test.each([
  ['https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem', true],
  ['https://sns.us-gov-west-1.amazonaws.com/x.pem', true],
  ['https://sns.cn-north-1.amazonaws.com.cn/x.pem', true],
  ['http://sns.eu-west-1.amazonaws.com/x.pem', false],
  ['https://sns.eu-west-1.amazonaws.com:8443/x.pem', false],
  ['https://u@sns.eu-west-1.amazonaws.com/x.pem', false],
  ['https://sns.eu-west-1.amazonaws.com.evil.example/x.pem', false],
  ['https://evil-sns.eu-west-1.amazonaws.com/x.pem', false],
  ['https://sns-evil.s3.amazonaws.com/x.pem', false],
  ['https://sns.s3.amazonaws.com/x.pem', false],
])('%s belongs to SNS: %s', (url, expected) => expect(isSnsUrl(new URL(url))).toBe(expected))
