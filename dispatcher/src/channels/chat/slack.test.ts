import type { Outgoing } from '@carillon/core/delivery/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { neverAborted, publicOnlyHttp, sample, standIn, testTools } from '../testing/channel.ts'
import { slack } from './slack.ts'

const TOKEN = 'xoxb-123-456-abc'
const person: Outgoing['address'] = {
  kind: 'device',
  id: 'd-1',
  device: { kind: 'slack', channel: 'U012AB3CD' },
}

let server: Awaited<ReturnType<typeof standIn>>
beforeAll(async () => {
  server = await standIn()
})
afterAll(() => server.close())

const open = (config: object, http = testTools().http) =>
  slack.open(slack.config.parse(config), testTools({ http }))
const asBot = (message: Partial<Outgoing> = {}) =>
  open({ botToken: TOKEN, baseUrl: `${server.url}/` }).send(
    sample({ address: person, ...message }),
    neverAborted,
  )
const asWebhook = (message: Partial<Outgoing> = {}) =>
  open({ webhookUrl: `${server.url}/services/T/B/X` }).send(sample(message), neverAborted)
const last = () => server.requests.at(-1)!
const TAKEN = { body: { ok: true, channel: 'D1', ts: '1503435956.000247', message: {} } }

describe('a message', () => {
  test('contains blocks, and text for clients that cannot show blocks', async () => {
    server.answerWith(TAKEN)
    const content = {
      title: 'Ship <it> & go',
      body: 'Bob: <!channel> *1 < 2* & 3',
      url: 'https://app.example/7',
      image: 'https://app.example/7.png',
      actor: { name: 'Bob <bob>' },
      actions: [
        { name: 'ok', label: 'Approve', url: 'https://app.example/ok' },
        { name: 'no', label: 'In the app only' },
        { name: 'mail', label: 'Mail', url: 'mailto:a@b.example' },
      ],
    }
    expect(await asBot({ content })).toEqual({ outcome: 'sent', id: 'D1/1503435956.000247' })
    const { path, headers, json } = last()
    expect([path, headers.authorization]).toEqual(['/api/chat.postMessage', `Bearer ${TOKEN}`])
    expect(json).toMatchObject({
      channel: 'U012AB3CD',
      text: 'Ship &lt;it&gt; &amp; go\nBob: &lt;!channel&gt; *1 &lt; 2* &amp; 3',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Ship <it> & go' } },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: 'Bob: &lt;!channel&gt; *1 &lt; 2* &amp; 3', verbatim: true },
        },
        { type: 'image', image_url: 'https://app.example/7.png' },
        { type: 'context', elements: [{ type: 'mrkdwn', text: 'Bob &lt;bob&gt;' }] },
        {
          type: 'actions',
          elements: [
            { type: 'button', text: { text: 'Approve' }, url: 'https://app.example/ok' },
            { type: 'button', text: { text: 'Open' }, url: 'https://app.example/7' },
          ],
        },
      ],
    })
  })

  test('respects the length limits of Slack', async () => {
    server.answerWith(TAKEN)
    await asBot({
      content: {
        title: '😀'.repeat(256),
        body: '&'.repeat(16_384),
        actions: [{ name: 'a', label: 'x'.repeat(128), url: 'https://app.example' }],
      },
    })
    const [header, section, actions] = last().json.blocks
    expect(header.text.text.length).toBeLessThanOrEqual(150)
    expect(header.text.text).not.toMatch(/\p{Cs}/u)
    expect(section.text.text.length).toBeLessThanOrEqual(3_000)
    expect(section.text.text).toMatch(/^(&amp;)+…$/)
    expect(actions.elements[0].text.text).toHaveLength(75)
    expect(last().json.text.length).toBeLessThanOrEqual(3_000)
  })

  test('is posted to an incoming webhook', async () => {
    server.answerWith({ body: 'ok' })
    expect(await asWebhook()).toEqual({ outcome: 'sent' })
    expect(last()).toMatchObject({ path: '/services/T/B/X', json: { text: expect.any(String) } })
    expect(last().headers).not.toHaveProperty('authorization')
  })

  test('is sent without its image if Slack rejects the image', async () => {
    const picky = await standIn(({ json }) =>
      json.blocks.some(({ type }: { type: string }) => type === 'image')
        ? { body: { ok: false, error: 'invalid_blocks' } }
        : TAKEN,
    )
    const sender = open({ botToken: TOKEN, baseUrl: picky.url })
    const message = sample({ address: person, content: { body: 'x', image: 'https://app.example/7.png' } })
    expect(await sender.send(message, neverAborted)).toMatchObject({ outcome: 'sent' })
    expect(picky.requests).toHaveLength(2)
    await picky.close()
  })

  test('is rejected without text', async () => {
    const before = server.requests.length
    expect(await asBot({ content: { url: 'https://app.example' } })).toMatchObject({
      outcome: 'refused',
      reason: 'empty',
    })
    expect(server.requests).toHaveLength(before)
  })
})

describe('an error of the Web API', () => {
  test.each([
    ['invalid_auth', 'account', 'invalid_auth'],
    ['token_revoked', 'account', 'token_revoked'],
    ['account_inactive', 'account', 'account_inactive'],
    ['missing_scope', 'account', 'missing_scope'],
    ['ratelimited', 'retry', 'rate_limited'],
    ['service_unavailable', 'retry', 'provider_error'],
    ['fatal_error', 'doubt', 'fatal_error'],
    ['internal_error', 'doubt', 'internal_error'],
    ['channel_not_found', 'refused', 'channel_not_found'],
    ['not_in_channel', 'refused', 'not_in_channel'],
    ['is_archived', 'refused', 'is_archived'],
    ['msg_too_long', 'refused', 'msg_too_long'],
    ['<b>odd</b>', 'refused', 'refused'],
  ])('%s', async (error, outcome, reason) => {
    server.answerWith({ body: { ok: false, error } })
    expect(await asBot()).toMatchObject({ outcome, reason })
  })

  test('is retried after a rate limit', async () => {
    server.answerWith({
      status: 429,
      headers: { 'retry-after': '30' },
      body: { ok: false, error: 'ratelimited' },
    })
    expect(await asBot()).toMatchObject({
      outcome: 'retry',
      reason: 'rate_limited',
      scope: 'recipient',
      afterMs: 30_000,
    })
  })

  test('is mapped by status if it is not from Slack', async () => {
    server.answerWith({ body: '<html>welcome to the hotel</html>' })
    expect(await asBot()).toMatchObject({ outcome: 'doubt', reason: 'unreadable_answer' })
  })
})

test.each([
  [400, 'invalid_payload', 'refused', 'invalid_payload'],
  [403, 'action_prohibited', 'account', 'action_prohibited'],
  [404, 'channel_not_found', 'account', 'channel_not_found'],
  [404, 'no_service', 'account', 'no_service'],
  [410, 'channel_is_archived', 'account', 'channel_is_archived'],
  [500, 'rollup_error', 'retry', 'provider_error'],
])('an incoming webhook responds with %i %s', async (status, body, outcome, reason) => {
  server.answerWith({ status, body })
  expect(await asWebhook()).toMatchObject({ outcome, reason })
})

describe('as a bot', () =>
  httpFaultContract((url, http, signal) =>
    open({ botToken: TOKEN, baseUrl: url }, http).send(sample({ address: person }), signal),
  ))
describe('as a webhook', () =>
  httpFaultContract((url, http, signal) => open({ webhookUrl: url }, http).send(sample(), signal)))

describe('an account', () => {
  test('has its config validated', () => {
    const issueOf = (config: unknown) => slack.config.safeParse(config).error?.issues[0]?.message
    expect(issueOf({})).toMatch(/exactly one of webhookUrl and botToken/)
    expect(issueOf({ webhookUrl: 'https://a.example', botToken: TOKEN })).toMatch(/exactly one/)
    expect(issueOf({ botToken: 'Bearer x\r\ny' })).toMatch(/token such as xoxb/)
    expect(issueOf({ webhookUrl: 'nowhere' })).toMatch(/http or https/)
  })

  test('needs a device with a bot token, but not with a webhook', () => {
    expect(slack.needs('slack', slack.config.parse({ botToken: TOKEN }))).toBe('device')
    expect(slack.needs('slack', slack.config.parse({ webhookUrl: 'https://a.example' }))).toBe('account')
  })

  test('is verified by auth.test with a bot token, and without a request with a webhook', async () => {
    const sender = open({ botToken: TOKEN, baseUrl: server.url })
    server.answerWith({ body: { ok: true }, headers: { 'x-oauth-scopes': 'chat:write,im:write' } })
    await sender.verify()
    expect(last().path).toBe('/api/auth.test')
    server.answerWith({ body: { ok: true }, headers: { 'x-oauth-scopes': 'im:write' } })
    await expect(sender.verify()).rejects.toThrow(/chat:write/)
    server.answerWith({ body: { ok: false, error: 'invalid_auth' } })
    await expect(sender.verify()).rejects.toThrow(/invalid_auth/)
    const before = server.requests.length
    await open({ webhookUrl: server.url }).verify()
    await expect(open({ webhookUrl: server.url }, publicOnlyHttp).verify()).rejects.toThrow(
      /cannot be requested/,
    )
    expect(server.requests).toHaveLength(before)
  })
})
