import type { Outgoing } from '@carillon/core/delivery/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpFaultContract } from '../contract/http-faults.ts'
import { type Answer, neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { telegram } from './telegram.ts'

const TOKEN = `123456:${'A'.repeat(35)}`
const chat = (number = '77'): Outgoing['address'] => ({
  kind: 'device',
  id: 'd-1',
  device: { kind: 'telegram', chat: number },
})

let server: Awaited<ReturnType<typeof standIn>>
beforeAll(async () => {
  server = await standIn()
})
afterAll(() => server.close())

const open = (url = server.url, http = testTools().http) =>
  telegram.open(telegram.config.parse({ botToken: TOKEN, baseUrl: url }), testTools({ http }))
const send = (message: Partial<Outgoing> = {}, url?: string) =>
  open(url).send(sample({ address: chat(), ...message }), neverAborted)
const last = () => server.requests.at(-1)!
const TAKEN = { body: { ok: true, result: { message_id: 42, chat: { id: 77 } } } }
const failed = (status: number, description: string, parameters?: object): Answer => ({
  status,
  body: { ok: false, error_code: status, description, parameters },
})

describe('a message', () => {
  test('is HTML with its text unchanged, and buttons', async () => {
    server.answerWith(TAKEN)
    const content = {
      title: 'Ship <it>',
      body: '1 < 2 & <script>',
      url: 'https://app.example/7',
      actions: [{ name: 'ok', label: 'Approve', url: 'https://app.example/ok' }],
    }
    expect(await send({ content, priority: 'low' })).toEqual({ outcome: 'sent', id: '42' })
    expect(last().path).toBe(`/bot${TOKEN}/sendMessage`)
    expect(last().json).toEqual({
      chat_id: '77',
      text: '<b>Ship &lt;it&gt;</b>\n1 &lt; 2 &amp; &lt;script&gt;',
      parse_mode: 'HTML',
      disable_notification: true,
      link_preview_options: { is_disabled: true },
      reply_markup: {
        inline_keyboard: [
          [{ text: 'Approve', url: 'https://app.example/ok' }],
          [{ text: 'Open', url: 'https://app.example/7' }],
        ],
      },
    })
  })

  test('with an image is a photo, or a large preview if the text is long', async () => {
    server.answerWith(TAKEN)
    const image = 'https://app.example/7.png'
    await send({ content: { title: 'a', body: 'b', image } })
    expect(last()).toMatchObject({
      path: `/bot${TOKEN}/sendPhoto`,
      json: { photo: image, caption: '<b>a</b>\nb' },
    })
    await send({ content: { title: 'a', body: 'b'.repeat(1_100), image } })
    expect(last()).toMatchObject({
      path: `/bot${TOKEN}/sendMessage`,
      json: { link_preview_options: { url: image, prefer_large_media: true } },
    })
  })

  test('respects the length limits of Telegram', async () => {
    server.answerWith(TAKEN)
    await send({ content: { title: '😀'.repeat(256), body: '<'.repeat(16_384) } })
    const read = last()
      .json.text.replaceAll(/<\/?b>/g, '')
      .replaceAll('&lt;', '<')
    expect(read).toHaveLength(4_096)
    expect(read.endsWith('<…')).toBe(true)
    expect(last().body).not.toMatch(/\\ud[89a-f]/)
  })

  test.each([
    'Bad Request: failed to get HTTP URL content',
    'Bad Request: wrong type of the web page content',
    "Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
    'Bad Request: BUTTON_URL_INVALID',
  ])('is sent again as plain text after: %s', async (description) => {
    const picky = await standIn(({ path, json }) =>
      path.endsWith('/sendPhoto') || json.reply_markup ? failed(400, description) : TAKEN,
    )
    const content = { title: 'a', url: 'https://app.example/?a&b', image: 'https://app.example/7.png' }
    expect(await send({ content }, picky.url)).toMatchObject({ outcome: 'sent' })
    expect(picky.requests).toHaveLength(2)
    expect(picky.requests[1]?.json.text).toBe('<b>a</b>\nOpen: https://app.example/?a&amp;b')
    await picky.close()
  })

  test('is sent to the new chat of a group that became a supergroup', async () => {
    const moved = await standIn(({ json }) =>
      json.chat_id === -100_5
        ? TAKEN
        : failed(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
            migrate_to_chat_id: -100_5,
          }),
    )
    expect(await send({ address: chat('-5') }, moved.url)).toMatchObject({ outcome: 'sent', id: '42' })
    await moved.close()
  })
})

describe('an error', () => {
  test.each([
    [
      403,
      'Forbidden: bot was blocked by the user',
      { outcome: 'refused', reason: 'chat_gone', forget: 'device' },
    ],
    [403, 'Forbidden: user is deactivated', { outcome: 'refused', reason: 'chat_gone', forget: 'device' }],
    [403, 'Forbidden: bot was kicked from the group chat', { outcome: 'refused', forget: 'device' }],
    [
      403,
      "Forbidden: bot can't initiate conversation with a user",
      { outcome: 'refused', reason: 'not_started' },
    ],
    [403, 'Forbidden: something else', { outcome: 'refused', reason: 'not_allowed' }],
    [400, 'Bad Request: chat not found', { outcome: 'refused', reason: 'refused' }],
    [400, "Bad Request: can't parse entities", { outcome: 'refused', reason: 'refused' }],
    [401, 'Unauthorized', { outcome: 'account', reason: 'not_authorized' }],
    [404, 'Not Found', { outcome: 'account', reason: 'not_authorized' }],
    [502, 'Bad Gateway', { outcome: 'retry', reason: 'provider_error' }],
  ])('%i %s', async (status, description, expected) => {
    server.answerWith(failed(status, description))
    const outcome = await send()
    expect(outcome).toMatchObject(expected)
    expect('forget' in outcome).toBe('forget' in expected)
  })

  test('is retried after a rate limit', async () => {
    server.answerWith(failed(429, 'Too Many Requests: retry after 35', { retry_after: 35 }))
    expect(await send()).toMatchObject({
      outcome: 'retry',
      reason: 'rate_limited',
      scope: 'recipient',
      afterMs: 35_000,
    })
  })
})

httpFaultContract((url, http, signal) => open(url, http).send(sample({ address: chat() }), signal))

test('an account is verified by getMe, and its config is validated', async () => {
  server.answerWith({ body: { ok: true, result: { id: 1, is_bot: true } } })
  await open().verify()
  expect(last()).toMatchObject({ method: 'GET', path: `/bot${TOKEN}/getMe` })
  server.answerWith(failed(401, 'Unauthorized'))
  const refused = await open()
    .verify()
    .catch((error: Error) => error.message)
  expect(refused).toMatch(/HTTP 401/)
  expect(refused).not.toContain(TOKEN)
  const issueOf = (config: unknown) => telegram.config.safeParse(config).error?.issues[0]
  expect(issueOf({})).toMatchObject({ path: ['botToken'], message: expect.stringMatching(/is missing/) })
  expect(issueOf({ botToken: '1:a/../b' })?.message).toMatch(/token such as/)
})
