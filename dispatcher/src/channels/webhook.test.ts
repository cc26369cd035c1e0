import { randomBytes } from 'node:crypto'
import type { Outgoing } from '@carillon/core/delivery/provider'
import { parse, WebhookMessage } from '@carillon/schemas'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpFaultContract } from './contract/http-faults.ts'
import {
  neverAborted,
  publicOnlyHttp,
  sample,
  shortTimeoutHttp,
  standIn,
  testTools,
} from './testing/channel.ts'
import { webhook } from './webhook.ts'

const secret = () => `whsec_${randomBytes(32).toString('base64')}`
const [newest, older] = [secret(), secret()]

let server: Awaited<ReturnType<typeof standIn>>
beforeAll(async () => {
  server = await standIn()
})
afterAll(() => server.close())

const open = (config: object, http = testTools().http) =>
  webhook.open(webhook.config.parse({ secrets: [newest, older], ...config }), testTools({ http }))
const send = (message: Partial<Outgoing> = {}) =>
  open({ url: `${server.url}/hook` }).send(sample(message), neverAborted)
const last = () => server.requests.at(-1)!
const ofDevice = (): Outgoing['address'] => ({
  kind: 'device',
  id: 'd-1',
  device: { kind: 'webhook', url: `${server.url}/mine` },
})

describe('a message', () => {
  test('is signed with every secret, and the signatures verify with the standardwebhooks library', async () => {
    server.answerWith({ status: 204 })
    const message = sample({ content: { title: 'Grüße 😀', data: { a: [1] }, tags: ['x'] } })
    expect(await open({ url: `${server.url}/hook` }).send(message, neverAborted)).toEqual({ outcome: 'sent' })
    const { path, method, headers, body, json } = last()
    expect([method, path, headers['webhook-id']]).toEqual(['POST', '/hook', message.key])
    for (const known of [newest, older])
      expect(new Webhook(known).verify(body, headers as Record<string, string>)).toEqual(json)
    expect(() => new Webhook(secret()).verify(body, headers as Record<string, string>)).toThrow()
    expect(() => new Webhook(newest).verify(`${body} `, headers as Record<string, string>)).toThrow()
    expect(parse(WebhookMessage, json).success).toBe(true)
    expect(json).toEqual({
      type: 'notification',
      timestamp: new Date(message.at).toISOString(),
      data: {
        notification: message.notification,
        user: 'ada',
        type: 'comment',
        priority: 'normal',
        title: 'Grüße 😀',
        data: { a: [1] },
        tags: ['x'],
      },
    })
  })

  test('of a digest has its list', async () => {
    server.answerWith({})
    const item = { id: 'i-2', type: 'comment', title: 'Two', createdAt: '2027-06-07T12:00:00.000Z' }
    await send({ listed: { items: [item], total: 2 } })
    expect(parse(WebhookMessage, last().json).success).toBe(true)
    expect(last().json).toMatchObject({ data: { items: [item], total: 2 } })
  })

  test('has the same id on every attempt', async () => {
    server.answerWith({})
    const message = sample()
    for (const attempt of [1, 2]) await send({ ...message, attempt })
    expect(new Set(server.requests.slice(-2).map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([message.key]),
    )
  })

  test("is posted to the user's device, whether or not the account has a URL", async () => {
    server.answerWith({})
    await send({ address: ofDevice() })
    expect(last().path).toBe('/mine')
    expect(await open({}).send(sample({ address: ofDevice() }), neverAborted)).toEqual({ outcome: 'sent' })
    expect(webhook.needs('webhook', webhook.config.parse({ secrets: [newest] }))).toBe('device')
    expect(webhook.needs('webhook', webhook.config.parse({ secrets: [newest], url: server.url }))).toBe(
      'account',
    )
    await expect(async () => open({}).send(sample(), neverAborted)).rejects.toThrow(TypeError)
  })
})

describe('a response', () => {
  test.each([200, 201, 202, 204, 299])('%i means sent', async (status) => {
    server.answerWith({ status })
    expect(await send()).toEqual({ outcome: 'sent' })
  })

  test('410 removes the device, and is an account error for the URL of an account', async () => {
    server.answerWith({ status: 410 })
    expect(await send({ address: ofDevice() })).toMatchObject({ outcome: 'refused', forget: 'device' })
    expect(await send()).toMatchObject({ outcome: 'account', reason: 'gone' })
  })

  test.each([
    [302, 'redirected'],
    [400, 'refused'],
    [401, 'not_authorized'],
    [404, 'refused'],
    [409, 'refused'],
    [413, 'refused'],
    [422, 'refused'],
    [429, 'rate_limited'],
  ])('%i is retried and applies to this endpoint only', async (status, reason) => {
    server.answerWith({ status, body: 'no', headers: { 'retry-after': '3' } })
    const expected = { outcome: 'retry', reason, scope: 'recipient', afterMs: 3_000 }
    expect(await send()).toMatchObject(expected)
    expect(await send({ address: ofDevice() })).toMatchObject(expected)
  })

  test.each([500, 503])('%i is retried as a fault of the host', async (status) => {
    server.answerWith({ status })
    const outcome = await send({ address: ofDevice() })
    expect(outcome).toMatchObject({ outcome: 'retry', reason: 'provider_error' })
    expect(outcome).not.toHaveProperty('scope')
  })

  test('accepts Retry-After as seconds or a date', async () => {
    server.answerWith({ status: 429, headers: { 'retry-after': '12' } })
    expect(await send()).toMatchObject({ outcome: 'retry', reason: 'rate_limited', afterMs: 12_000 })
    const date = new Date(Date.now() + 60_000).toUTCString()
    server.answerWith({ status: 503, headers: { 'retry-after': date } })
    const { afterMs } = (await send()) as { afterMs: number }
    expect(afterMs).toBeGreaterThan(30_000)
    expect(afterMs).toBeLessThanOrEqual(60_000)
  })
})

httpFaultContract((url, http, signal) => open({ url }, http).send(sample(), signal))

describe('a config', () => {
  const issuesOf = (config: unknown) =>
    webhook.config.safeParse(config).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`)

  test('reports every invalid field by name', () => {
    expect(issuesOf({})).toEqual([expect.stringMatching(/^secrets is missing/)])
    expect(issuesOf({ secrets: [] })).toEqual([expect.stringMatching(/^secrets .*at least one/)])
    expect(issuesOf({ secrets: Array(6).fill(newest) })).toEqual([expect.stringMatching(/at most five/)])
    for (const bad of [
      'hunter2',
      'whsec_',
      `whsec_${randomBytes(23).toString('base64')}`,
      `whsec_${randomBytes(65).toString('base64')}`,
      'whsec_!!!!',
    ])
      expect(issuesOf({ secrets: [newest, bad] }), bad).toEqual([
        expect.stringMatching(/^secrets.1 must be whsec_/),
      ])
    expect(issuesOf({ secrets: [newest], url: 'ftp://a.example' })).toEqual([
      expect.stringMatching(/^url must be an http/),
    ])
    expect(issuesOf({ secrets: [newest], url: 'https://a:b@a.example' })).toEqual([
      expect.stringMatching(/^url must not contain credentials/),
    ])
    expect(issuesOf({ secrets: [newest], urll: 'https://a.example' })).toHaveLength(1)
  })

  test('is verified without a request', async () => {
    const before = server.requests.length
    expect(await open({ url: server.url }).verify()).toBe('unchecked')
    expect(await open({}).verify()).toBe('unchecked')
    await expect(open({ url: server.url }, publicOnlyHttp).verify()).rejects.toThrow(
      /cannot be requested: only https/,
    )
    await expect(open({ url: 'https://127.0.0.2' }, shortTimeoutHttp).verify()).rejects.toThrow(/not public/)
    expect(server.requests).toHaveLength(before)
  })
})
