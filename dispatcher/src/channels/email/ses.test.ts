import { AwsV4Signer } from 'aws4fetch'
import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { type Answer, neverAborted, type Recorded, sample, standIn, testTools } from '../testing/channel.ts'
import { ses } from './ses.ts'

let aws: Awaited<ReturnType<typeof standIn>>
beforeEach(async () => {
  aws = await standIn(() => ({ body: { MessageId: 'ses-1' } }))
})
afterEach(() => aws.close())

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' }
const account = (more: object = {}, tools = testTools()) =>
  ses.open(
    ses.config.parse({
      region: 'eu-west-1',
      ...credentials,
      from: { email: 'news@example.com', name: 'Acme' },
      configurationSet: 'events',
      baseUrl: `${aws.url}/`,
      ...more,
    }),
    tools,
  )

const to = (email: string) => sample({ channel: 'email', address: { kind: 'email', email, name: 'Mia' } })

/** Reports whether a request is signed correctly. */
const isSigned = async ({ method, path, headers, body }: Recorded): Promise<boolean> => {
  const signer = new AwsV4Signer({
    method,
    url: `${aws.url}${path}`,
    body: body || undefined,
    ...credentials,
    service: 'ses',
    region: 'eu-west-1',
    datetime: String(headers['x-amz-date']),
  })
  return headers.authorization === (await signer.sign()).headers.get('authorization')
}

test('sends a signed e-mail with all its parts', async () => {
  const message = {
    ...to('mia@example.com'),
    content: { title: 'Grüße', body: 'Hallo' },
    unsubscribeUrl: 'https://hub.example/u/x',
  }
  expect(await account().send(message, neverAborted)).toEqual({ outcome: 'sent', id: 'ses-1' })
  const [request] = aws.requests
  expect(request).toMatchObject({
    method: 'POST',
    path: '/v2/email/outbound-emails',
    json: {
      FromEmailAddress: 'news@example.com',
      Destination: { ToAddresses: ['mia@example.com'] },
      ConfigurationSetName: 'events',
    },
  })
  expect(request && (await isSigned(request))).toBe(true)
  const mail = await PostalMime.parse(Buffer.from(request?.json.Content.Raw.Data, 'base64'))
  expect(mail).toMatchObject({
    subject: 'Grüße',
    from: { name: 'Acme', address: 'news@example.com' },
    to: [{ name: 'Mia', address: 'mia@example.com' }],
    messageId: `<${message.key}@example.com>`,
  })
  expect(Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]))).toMatchObject({
    'list-unsubscribe': '<https://hub.example/u/x>',
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
  })
})

test('sends from the sender of the context', async () => {
  const sender = { mailbox: { email: 'hello@shop.example' } }
  await account().send({ ...to('mia@example.com'), content: { title: 'Hi' }, sender }, neverAborted)
  const [request] = aws.requests
  expect(request?.json.FromEmailAddress).toBe('hello@shop.example')
  const mail = await PostalMime.parse(Buffer.from(request?.json.Content.Raw.Data, 'base64'))
  expect(mail.from?.address).toBe('hello@shop.example')
})

test.each(['a@example.com,b@example.com', 'a@example.com\r\nBcc: b@example.com'])(
  'refuses the address %j',
  async (email) => {
    expect(await account().send(to(email), neverAborted)).toMatchObject({ reason: 'invalid_address' })
    expect(aws.requests).toEqual([])
  },
)

const failed = (status: number, type: string, message = 'said', headers = {}): Answer => ({
  status,
  headers: { 'x-amzn-errortype': `${type}:http://internal.amazon.com/`, ...headers },
  body: { message },
})

describe('an error', () => {
  test.each<[Answer, object]>([
    [failed(400, 'MessageRejected'), { outcome: 'refused', reason: 'content_refused' }],
    [
      failed(400, 'MessageRejected', 'Email address is not verified: mia@example.com'),
      { outcome: 'account', reason: 'not_verified' },
    ],
    [failed(400, 'AccountSuspendedException'), { outcome: 'account', reason: 'suspended' }],
    [failed(400, 'SendingPausedException'), { outcome: 'account', reason: 'suspended' }],
    [failed(400, 'MailFromDomainNotVerifiedException'), { outcome: 'account', reason: 'not_verified' }],
    [failed(400, 'LimitExceededException'), { outcome: 'account', reason: 'quota' }],
    [failed(403, 'InvalidSignatureException'), { outcome: 'account', reason: 'not_authorized' }],
    [failed(400, 'BadRequestException'), { outcome: 'refused', reason: 'refused' }],
    [failed(429, 'TooManyRequestsException'), { outcome: 'retry', reason: 'rate_limited', scope: 'account' }],
    [
      failed(400, 'ThrottlingException', '', { 'retry-after': '7' }),
      { outcome: 'retry', reason: 'rate_limited', afterMs: 7_000 },
    ],
    [
      { status: 400, body: { __type: 'com.amazonaws.ses#LimitExceededException' } },
      { outcome: 'account', reason: 'quota' },
    ],
    [
      { status: 500, body: 'oops' },
      { outcome: 'retry', reason: 'provider_error' },
    ],
    [
      { status: 200, body: 'no json' },
      { outcome: 'doubt', reason: 'unreadable_answer' },
    ],
  ])('%j', async (answer, expected) => {
    aws.answerWith(answer)
    const outcome = await account().send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject(expected)
    expect(JSON.stringify(outcome)).not.toContain('mia@')
  })
})

httpFaultContract((baseUrl, http, signal) =>
  account({ baseUrl }, testTools({ http })).send(to('mia@example.com'), signal),
)

describe('an account', () => {
  test('is verified without sending', async () => {
    aws.answerWith({ body: { SendingEnabled: true } })
    await account().verify()
    expect(aws.requests[0]).toMatchObject({ method: 'GET', path: '/v2/email/account' })
    expect(await isSigned(aws.requests[0] as Recorded)).toBe(true)
    aws.answerWith({ body: { SendingEnabled: false } })
    await expect(account().verify()).rejects.toThrow(/paused/)
    aws.answerWith(failed(403, 'UnrecognizedClientException'))
    await expect(account().verify()).rejects.toThrow(/check region, accessKeyId/)
  })

  test('has its config validated, with every missing field reported', () => {
    const issues = ses.config.safeParse({}).error?.issues ?? []
    expect(issues.map(({ path, message }) => `${path.join('.')} ${message.slice(0, 10)}`)).toEqual([
      'region is missing',
      'accessKeyId is missing',
      'secretAccessKey is missing',
      'from is missing',
    ])
  })
})
