import type { Outgoing } from '@carillon/core/delivery/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { teams } from './teams.ts'

let server: Awaited<ReturnType<typeof standIn>>
beforeAll(async () => {
  server = await standIn()
})
afterAll(() => server.close())

const open = (url?: string, http = testTools().http) => teams.open({ url }, testTools({ http }))
const send = (message: Partial<Outgoing> = {}) =>
  open(`${server.url}/workflows/1/triggers/manual/paths/invoke?sig=x`).send(sample(message), neverAborted)
const ofDevice = (): Outgoing['address'] => ({
  kind: 'device',
  id: 'd-1',
  device: { kind: 'teams', url: `${server.url}/mine` },
})
const last = () => server.requests.at(-1)!

test('a message is an Adaptive Card with its text unchanged', async () => {
  server.answerWith({ status: 202 })
  const content = {
    title: 'Ship *it*',
    body: 'one\n\n[two](https://evil.example)',
    url: 'https://app.example/7',
    image: 'https://app.example/7.png',
    actor: { name: 'Bob' },
  }
  expect(await send({ content })).toEqual({ outcome: 'sent' })
  expect(last().path).toBe('/workflows/1/triggers/manual/paths/invoke?sig=x')
  const [{ contentType, content: card }] = last().json.attachments
  expect(contentType).toBe('application/vnd.microsoft.card.adaptive')
  expect(card).toMatchObject({ type: 'AdaptiveCard', version: '1.4' })
  expect(card.body).toMatchObject([
    { type: 'RichTextBlock', inlines: [{ text: 'Ship *it*', weight: 'bolder' }] },
    { inlines: [{ text: 'one' }] },
    { inlines: [{ text: '[two](https://evil.example)' }], spacing: 'none' },
    { type: 'Image', url: 'https://app.example/7.png' },
    { inlines: [{ text: 'Bob' }] },
  ])
  expect(card.actions).toEqual([{ type: 'Action.OpenUrl', title: 'Open', url: 'https://app.example/7' }])
})

test.each(['\n\u0001x', '"', '漢', '😀'])('a card respects the size limit of Teams: %j', async (part) => {
  server.answerWith({ status: 202 })
  await send({
    content: {
      title: part.repeat(200),
      body: part.repeat(16_384 / part.length),
      image: `https://app.example/${'i'.repeat(2_000)}`,
      actions: Array.from({ length: 8 }, (_, n) => ({
        name: `a${n}`,
        label: `${n}`,
        url: `https://app.example/${n}${'x'.repeat(2_000)}`,
      })),
    },
  })
  expect(Buffer.byteLength(last().body)).toBeLessThanOrEqual(28_000)
  expect(last().body).not.toMatch(/\\ud[89a-f]/)
})

test("a message is posted to the user's device", async () => {
  server.answerWith({ status: 202 })
  await send({ address: ofDevice() })
  expect(last().path).toBe('/mine')
  expect(await open().send(sample({ address: ofDevice() }), neverAborted)).toEqual({ outcome: 'sent' })
})

const failed = (status: number, code: string) => ({ status, body: { error: { code, message: 'No.' } } })
describe('a response', () => {
  test('removes the device if the workflow does not exist', async () => {
    server.answerWith(failed(404, 'WorkflowNotFound'))
    expect(await send({ address: ofDevice() })).toMatchObject({ outcome: 'refused', forget: 'device' })
    expect(await send()).toMatchObject({ outcome: 'account', reason: 'gone' })
  })

  test.each([
    [401, 'DirectApiInvalidAuthorizationScheme', 'account', 'not_authorized'],
    [400, 'WorkflowTriggerIsNotEnabled', 'account', 'disabled'],
    [400, 'TriggerInputSchemaMismatch', 'refused', 'refused'],
    [413, 'RequestEntityTooLarge', 'refused', 'refused'],
    [502, 'NoResponse', 'retry', 'provider_error'],
  ])('%i %s', async (status, code, outcome, reason) => {
    server.answerWith(failed(status, code))
    expect(await send()).toMatchObject({ outcome, reason })
    const own = await send({ address: ofDevice() })
    expect(own.outcome).not.toBe('account')
    expect(own).not.toHaveProperty('forget')
  })

  test('is mapped by the error in the text if the status is 200', async () => {
    server.answerWith({
      body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x',
    })
    expect(await send()).toMatchObject({ outcome: 'retry', reason: 'rate_limited', scope: 'recipient' })
    server.answerWith({ body: '1' })
    expect(await send()).toEqual({ outcome: 'sent' })
  })

  test('is retried after a rate limit', async () => {
    server.answerWith({ status: 429, headers: { 'retry-after': '5' } })
    expect(await send()).toMatchObject({
      outcome: 'retry',
      reason: 'rate_limited',
      scope: 'recipient',
      afterMs: 5_000,
    })
  })
})

httpFaultContract((url, http, signal) => open(url, http).send(sample(), signal))

test('an account is verified without a request, and its config is validated', async () => {
  const before = server.requests.length
  await open(server.url).verify()
  await open().verify()
  expect(server.requests).toHaveLength(before)
  expect(teams.config.safeParse({ url: 'x' }).error?.issues[0]?.message).toMatch(/http or https/)
  expect([teams.needs('teams', {}), teams.needs('teams', { url: server.url })]).toEqual(['device', 'account'])
})
