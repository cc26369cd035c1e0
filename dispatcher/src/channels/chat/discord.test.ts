import type { Outgoing } from '@carillon/core/delivery/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { type Answer, neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { discord } from './discord.ts'

let server: Awaited<ReturnType<typeof standIn>>
beforeAll(async () => {
  server = await standIn()
})
afterAll(() => server.close())

const hook = (url: string) => `${url}/api/webhooks/123/abc-DEF_1`
const open = (url?: string, http = testTools().http) =>
  discord.open(discord.config.parse({ url }), testTools({ http }))
const send = (message: Partial<Outgoing> = {}) => open(hook(server.url)).send(sample(message), neverAborted)
const ofDevice = (): Outgoing['address'] => ({
  kind: 'device',
  id: 'd-1',
  device: { kind: 'discord', url: `${server.url}/api/webhooks/9/x?thread_id=7` },
})
const last = () => server.requests.at(-1)!
const TAKEN = { body: { id: '1234567890', type: 0, channel_id: '1' } }

describe('a message', () => {
  test('is an embed without mentions, with its text unchanged', async () => {
    server.answerWith(TAKEN)
    const content = {
      title: '*Ship* it',
      body: '@everyone <@1> [x](https://evil.example) see https://app.example/a_b_c',
      url: 'https://app.example/7',
      image: 'https://app.example/7.png',
      actor: { name: 'Bob', avatar: 'https://app.example/bob.png' },
      actions: [{ name: 'ok', label: 'Approve', url: 'https://app.example/ok?(1)' }],
    }
    const message = sample({ content })
    expect(await send(message)).toEqual({ outcome: 'sent', id: '1234567890' })
    expect(last().path).toBe('/api/webhooks/123/abc-DEF_1?wait=true')
    expect(last().json).toEqual({
      allowed_mentions: { parse: [] },
      embeds: [
        {
          title: '\\*Ship\\* it',
          description: '@everyone \\<@1\\> \\[x\\]\\(https://evil.example\\) see https://app.example/a_b_c',
          url: 'https://app.example/7',
          timestamp: new Date(message.at).toISOString(),
          image: { url: 'https://app.example/7.png' },
          author: { name: 'Bob', icon_url: 'https://app.example/bob.png' },
          fields: [
            {
              name: '\u200b',
              value: '[Approve](https://app.example/ok?%281%29)\n[Open](https://app.example/7)',
            },
          ],
        },
      ],
    })
  })

  test.each(['a', '*', '😀'])('respects the length limits of Discord: %s', async (part) => {
    server.answerWith(TAKEN)
    await send({
      content: {
        title: part.repeat(512 / part.length),
        body: part.repeat(16_384 / part.length),
        actor: { name: part.repeat(256 / part.length) },
        actions: Array.from({ length: 8 }, (_, n) => ({
          name: `a${n}`,
          label: part.repeat(60),
          url: `https://app.example/${n}${'x'.repeat(n * 200)}`,
        })),
      },
    })
    const [{ title, description, author, fields }] = last().json.embeds
    expect(title.length).toBeLessThanOrEqual(256)
    expect(description.length).toBeLessThanOrEqual(4_096)
    expect(author.name.length).toBeLessThanOrEqual(256)
    expect(fields[0].value.length).toBeLessThanOrEqual(1_024)
    expect(`${title}${description}${author.name}${fields[0].value}`.length).toBeLessThanOrEqual(6_000)
    expect(last().body).not.toMatch(/\\ud[89a-f]/)
  })

  test("is posted to the user's device, and keeps the query of its URL", async () => {
    server.answerWith(TAKEN)
    expect(await open().send(sample({ address: ofDevice() }), neverAborted)).toMatchObject({
      outcome: 'sent',
    })
    expect(last().path).toBe('/api/webhooks/9/x?thread_id=7&wait=true')
  })
})

const failed = (status: number, code: number) => ({ status, body: { message: 'No', code } })
describe('a response', () => {
  test.each([
    [404, 10_015],
    [401, 50_027],
  ])('%i with code %i means that the webhook does not exist', async (status, code) => {
    server.answerWith(failed(status, code))
    expect(await send({ address: ofDevice() })).toMatchObject({ outcome: 'refused', forget: 'device' })
    expect(await send()).toMatchObject({ outcome: 'account', reason: 'gone' })
  })

  test.each([
    [400, 50_035, 'refused', 'refused'],
    [403, 50_013, 'account', 'not_authorized'],
    [500, 0, 'retry', 'provider_error'],
  ])('%i with code %i', async (status, code, outcome, reason) => {
    server.answerWith(failed(status, code))
    expect(await send()).toMatchObject({ outcome, reason })
    expect((await send({ address: ofDevice() })).outcome).not.toBe('account')
  })

  const limited = (global: boolean, scope: string): Answer => ({
    status: 429,
    headers: { 'retry-after': '1', 'x-ratelimit-scope': scope },
    body: { message: 'You are being rate limited.', retry_after: 0.642, global },
  })

  test.each([
    ['of the webhook', limited(false, 'user'), { scope: 'recipient', afterMs: 642 }],
    ['of the channel', limited(false, 'shared'), { scope: 'recipient', afterMs: 642 }],
    ['global', limited(true, 'global'), { scope: 'account', afterMs: 642 }],
    [
      'by Cloudflare',
      { status: 429, headers: { 'retry-after': '60' }, body: '<html>' },
      { scope: 'account', afterMs: 60_000 },
    ],
  ])('is retried after a rate limit: %s', async (_, answer, expected) => {
    server.answerWith(answer)
    expect(await send()).toMatchObject({ outcome: 'retry', reason: 'rate_limited', ...expected })
  })

  test('is mapped by status if it is not from Discord', async () => {
    server.answerWith({ body: 'welcome' })
    expect(await send()).toMatchObject({ outcome: 'doubt', reason: 'unreadable_answer' })
  })
})

httpFaultContract((url, http, signal) => open(hook(url), http).send(sample(), signal))

test('an account is verified by reading its webhook, and its config is validated', async () => {
  server.answerWith({ body: { id: '123', type: 1 } })
  await open(hook(server.url)).verify()
  expect(await open().verify()).toBe('unchecked')
  expect(last()).toMatchObject({ method: 'GET', path: '/api/webhooks/123/abc-DEF_1' })
  server.answerWith(failed(404, 10_015))
  await expect(open(hook(server.url)).verify()).rejects.toThrow(/HTTP 404/)
  const issueOf = (url: string) => discord.config.safeParse({ url }).error?.issues[0]?.message
  expect(issueOf('https://discord.com/channels/1/2')).toMatch(/webhooks/)
  expect(issueOf(`${hook('https://discord.com')}/slack`)).toMatch(/webhooks/)
  expect(issueOf(hook('https://discord.com'))).toBeUndefined()
  expect([discord.needs('discord', {}), discord.needs('discord', { url: 'x' })]).toEqual([
    'device',
    'account',
  ])
})
