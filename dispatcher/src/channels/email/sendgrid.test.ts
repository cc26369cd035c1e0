import { generateKeyPairSync, sign } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { type Answer, neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { sendgrid } from './sendgrid.ts'

let api: Awaited<ReturnType<typeof standIn>>
beforeEach(async () => {
  api = await standIn(() => ({ status: 202, headers: { 'x-message-id': 'sg-1' } }))
})
afterEach(() => api.close())

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const webhookPublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

const config = (more: object = {}) =>
  sendgrid.config.parse({
    apiKey: 'SG.key',
    from: { email: 'news@example.com', name: 'Acme' },
    replyTo: { email: 'help@example.com' },
    webhookPublicKey,
    baseUrl: api.url,
    ...more,
  })
const account = (more: object = {}, tools = testTools()) => sendgrid.open(config(more), tools)
const to = (email: string) => sample({ channel: 'email', address: { kind: 'email', email, name: 'Mia' } })

test('sends an e-mail with all its parts', async () => {
  const message = {
    ...to('mia@example.com'),
    content: { title: 'Grüße\r\nBcc: eve@example.com', body: 'Hallo' },
    unsubscribeUrl: 'https://hub.example/u/x',
  }
  expect(await account().send(message, neverAborted)).toEqual({ outcome: 'sent', id: 'sg-1' })
  expect(api.requests[0]).toMatchObject({
    method: 'POST',
    path: '/v3/mail/send',
    headers: { authorization: 'Bearer SG.key' },
  })
  expect(api.requests[0]?.json).toEqual({
    personalizations: [{ to: [{ email: 'mia@example.com', name: 'Mia' }] }],
    from: { email: 'news@example.com', name: 'Acme' },
    reply_to: { email: 'help@example.com' },
    subject: 'Grüße Bcc: eve@example.com',
    content: [
      { type: 'text/plain', value: expect.stringContaining('Hallo') },
      { type: 'text/html', value: expect.stringContaining('<!doctype html>') },
    ],
    headers: {
      'Auto-Submitted': 'auto-generated',
      'List-Unsubscribe': '<https://hub.example/u/x>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Message-ID': `<${message.key}@example.com>`,
    },
  })
})

const CONTEXT_SENDER = { mailbox: { email: 'hello@shop.example' }, replyTo: { email: 'help@shop.example' } }

test('sends from the sender of the context, whose domain is in the Message-ID', async () => {
  const message = { ...to('mia@example.com'), content: { title: 'Hi' }, sender: CONTEXT_SENDER }
  await account().send(message, neverAborted)
  expect(api.requests[0]?.json).toMatchObject({
    from: { email: 'hello@shop.example' },
    reply_to: { email: 'help@shop.example' },
    headers: { 'Message-ID': `<${message.key}@shop.example>` },
  })
})

test('refuses an address list', async () => {
  const outcome = await account().send(to('a@example.com,b@example.com'), neverAborted)
  expect(outcome).toMatchObject({ outcome: 'refused', reason: 'invalid_address' })
  expect(api.requests).toEqual([])
})

const failed = (status: number, message: string, field: string | null = null): Answer => ({
  status,
  body: { errors: [{ message, field, help: null }] },
})

describe('an error', () => {
  test.each<[Answer, object]>([
    [
      failed(400, 'mia@example.com does not contain a valid address.', 'personalizations.0.to.0.email'),
      { outcome: 'refused', reason: 'invalid_address' },
    ],
    [failed(400, 'The subject is required.', 'subject'), { outcome: 'refused', reason: 'refused' }],
    [
      failed(401, 'The provided authorization grant is invalid'),
      { outcome: 'account', reason: 'not_authorized' },
    ],
    [failed(401, 'Maximum credits exceeded'), { outcome: 'account', reason: 'quota' }],
    [
      failed(403, 'The from address does not match a verified Sender Identity.', 'from'),
      { outcome: 'account', reason: 'not_authorized' },
    ],
    [failed(413, 'too large'), { outcome: 'refused', reason: 'too_large' }],
    [
      { status: 429, headers: { 'retry-after': '9' } },
      { outcome: 'retry', reason: 'rate_limited', scope: 'account', afterMs: 9_000 },
    ],
    [
      { status: 503, body: 'oops' },
      { outcome: 'retry', reason: 'provider_error' },
    ],
  ])('%j', async (answer, expected) => {
    api.answerWith(answer)
    const outcome = await account().send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject(expected)
    expect(JSON.stringify(outcome)).not.toContain('mia@')
  })

  test('returns the time of the retry for a 429', async () => {
    const reset = Math.floor(Date.now() / 1_000) + 60
    api.answerWith({ status: 429, headers: { 'x-ratelimit-reset': String(reset) } })
    const outcome = await account().send(to('mia@example.com'), neverAborted)
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'rate_limited' })
    const afterMs = outcome.outcome === 'retry' ? (outcome.afterMs ?? 0) : 0
    expect(afterMs).toBeGreaterThan(50_000)
    expect(afterMs).toBeLessThanOrEqual(60_000)
  })
})

httpFaultContract((baseUrl, http, signal) =>
  account({ baseUrl }, testTools({ http })).send(to('mia@example.com'), signal),
)

test('verifies an account without sending', async () => {
  api.answerWith({ body: { scopes: ['mail.send'] } })
  await account().verify()
  api.answerWith({ body: { scopes: ['stats.read'] } })
  await expect(account().verify()).rejects.toThrow(/mail.send/)
  api.answerWith({ status: 401 })
  await expect(account().verify()).rejects.toThrow(/check apiKey/)
})

test('reports what is missing from a config', () => {
  const issues = sendgrid.config.safeParse({ webhookPublicKey: 'x' }).error?.issues ?? []
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['apiKey', 'from', 'webhookPublicKey'])
})

describe('the Event Webhook', () => {
  const timestamp = '1767323045'
  const post = (body: string, { signed = body, key = privateKey, at = timestamp } = {}) => ({
    method: 'POST',
    url: 'https://hub.example/v1/callbacks/acme/main',
    headers: {
      'x-twilio-email-event-webhook-timestamp': at,
      'x-twilio-email-event-webhook-signature': sign(
        'sha256',
        Buffer.from(`${timestamp}${signed}`),
        key,
      ).toString('base64'),
    },
    body: Buffer.from(body),
  })
  const read = async (request: ReturnType<typeof post>, given = config()) =>
    (await sendgrid.callback?.(request, given, testTools()))?.reports
  const common = { email: 'mia@example.com', timestamp: 1_767_323_045, sg_message_id: 'sg-1.recvd-abc-1.0' }
  const suppress = (reason: string) => ({
    suppress: { channels: ['email'], address: 'mia@example.com', reason },
  })

  test.each([
    [{ event: 'delivered' }, [{ state: 'delivered' }]],
    [{ event: 'bounce', type: 'bounce' }, [{ state: 'failed', reason: 'bounce', ...suppress('bounce') }]],
    [{ event: 'bounce', type: 'blocked' }, [{ state: 'failed', reason: 'blocked' }]],
    [
      { event: 'dropped', reason: 'Bounced Address' },
      [{ state: 'failed', reason: 'suppressed', ...suppress('bounce') }],
    ],
    [
      { event: 'dropped', reason: 'Spam Reporting Address' },
      [{ state: 'failed', reason: 'suppressed', ...suppress('complaint') }],
    ],
    [
      { event: 'dropped', reason: 'Unsubscribed Address' },
      [{ state: 'failed', reason: 'suppressed', ...suppress('unsubscribe') }],
    ],
    [{ event: 'dropped', reason: 'Invalid' }, [{ state: 'failed', reason: 'invalid_address' }]],
    [
      { event: 'dropped', reason: 'Spam Content (if Spam Checker app is enabled)' },
      [{ state: 'failed', reason: 'content_refused' }],
    ],
    [
      { event: 'dropped', reason: 'Recipient List over Package Quota' },
      [{ state: 'failed', reason: 'quota' }],
    ],
    [
      { event: 'bounce', type: 'bounce', bounce_classification: 'Invalid Address' },
      [{ state: 'failed', reason: 'bounce', ...suppress('bounce') }],
    ],
    [
      { event: 'bounce', type: 'bounce', bounce_classification: 'Reputation' },
      [{ state: 'failed', reason: 'bounce' }],
    ],
    [{ event: 'group_unsubscribe', asm_group_id: 7 }, [suppress('unsubscribe')]],
    [
      { event: 'group_resubscribe', asm_group_id: 7 },
      [{ restore: { channels: ['email'], address: 'mia@example.com' } }],
    ],
    [{ event: 'dropped', reason: 'Invalid SMTPAPI header' }, [{ state: 'failed', reason: 'dropped' }]],
    [{ event: 'spamreport' }, [suppress('complaint')]],
    [{ event: 'unsubscribe' }, [suppress('unsubscribe')]],
    [{ event: 'open' }, [{ state: 'read' }]],
    [{ event: 'open', sg_machine_open: true }, []],
    [{ event: 'click' }, [{ state: 'clicked' }]],
    [{ event: 'processed' }, []],
    [{ event: 'deferred' }, []],
  ])('%j', async (event, expected) => {
    const reports = expected.map((report) => ({ id: 'sg-1', at: 1_767_323_045_000, ...report }))
    expect(await read(post(JSON.stringify([{ ...common, ...event }])))).toEqual(reports)
  })

  test('reads batches and ignores invalid events', async () => {
    const events = [{ ...common, event: 'delivered' }, 7, { event: 'open' }, { ...common, event: 'click' }]
    expect((await read(post(JSON.stringify(events))))?.map(({ state }) => state)).toEqual([
      'delivered',
      'clicked',
    ])
    expect(await read(post('no json'))).toEqual([])
  })

  test('is rejected without a valid signature', async () => {
    const body = JSON.stringify([{ ...common, event: 'bounce' }])
    const codeOf = (reading: Promise<unknown>) =>
      reading.catch((error: unknown) => error instanceof ProblemError && error.problem.code)
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    expect(await codeOf(read(post(body, { key: other })))).toBe('forbidden')
    expect(await codeOf(read(post(body, { signed: '[]' })))).toBe('forbidden')
    expect(await codeOf(read(post(body, { at: '1' })))).toBe('forbidden')
    expect(await codeOf(read({ ...post(body), headers: {} as never }))).toBe('forbidden')
    expect(await codeOf(read(post(body), config({ webhookPublicKey: undefined })))).toBe('forbidden')
  })
})
