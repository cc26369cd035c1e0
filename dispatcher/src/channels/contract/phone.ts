import type { Provider } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Answer,
  neverAborted,
  sample,
  shortTimeoutHttp,
  standIn,
  testTools,
} from '../testing/channel.ts'
import { httpFaultContract } from './http-faults.ts'

export const PHONE = '+14155550123'
const SECRET_WORDS = 'the eagle has landed'

export type PhoneSetup<Config> = {
  provider: Provider<Config>
  /** Creates a config with this base URL. */
  config: (url: string) => Config
  channel: Channel
  /** The success response, and the message id in it. */
  accepted: { status: number; body: unknown }
  id: string
  /** Error responses and the outcome, reason and scope that they are mapped to. */
  errors: readonly (readonly [
    status: number,
    body: unknown,
    outcome: string,
    reason: string,
    scope?: string,
  ])[]
  /** The response to the check of a working account. */
  checked: unknown
}

/** The contract of every provider that sends text messages to phones. */
export const phoneContract = <Config>(setup: PhoneSetup<Config>) =>
  describe(`${setup.provider.name} sends text messages`, () => {
    let server: Awaited<ReturnType<typeof standIn>>
    beforeAll(async () => {
      server = await standIn()
    })
    afterAll(() => server.close())
    responses(setup, () => server)
    refusals(setup, () => server)
    httpFaultContract((url, http, signal) =>
      setup.provider.open(setup.config(url), testTools({ http })).send(message(setup.channel), signal),
    )
  })

type Server = () => Awaited<ReturnType<typeof standIn>>

const message = (channel: Channel, phone = PHONE) =>
  sample({
    channel,
    address: { kind: 'phone', phone },
    content: { title: 'Alert', body: SECRET_WORDS, url: 'https://app.example/7' },
  })

const opener =
  <Config>({ provider, config }: PhoneSetup<Config>, server: Server) =>
  (http = testTools().http) =>
    provider.open(config(server().url), testTools({ http }))

const sender = <Config>(setup: PhoneSetup<Config>, server: Server) => {
  const open = opener(setup, server)
  return (answer: Answer, http = shortTimeoutHttp) => {
    server().answerWith(answer)
    return open(http).send(message(setup.channel), neverAborted)
  }
}

const responses = <Config>(setup: PhoneSetup<Config>, server: Server) => {
  const send = sender(setup, server)

  test("returns the provider's message id", async () => {
    expect(await send(setup.accepted)).toEqual({ outcome: 'sent', id: setup.id })
    expect(server().requests.at(-1)?.method).toBe('POST')
  })

  const cases = setup.errors.map(([status, body, outcome, reason, scope]) => ({
    status,
    body,
    expected: { outcome, reason, ...(scope && { scope }) },
  }))
  test.each(cases)('maps HTTP $status $body to $expected', async ({ status, body, expected }) => {
    const result = await send({ status, body })
    expect(result).toMatchObject(expected)
    expect(JSON.stringify(result)).not.toContain(PHONE.slice(1))
    expect(JSON.stringify(result)).not.toContain(SECRET_WORDS)
  })

  test('respects Retry-After', async () => {
    expect(await send({ status: 429, headers: { 'retry-after': '7' }, body: {} })).toEqual({
      outcome: 'retry',
      reason: 'rate_limited',
      detail: 'HTTP 429',
      scope: 'account',
      afterMs: 7_000,
    })
  })

  test('maps an error response without an error code by its status', async () => {
    expect(await send({ status: 400, body: '{"code":' })).toMatchObject({ outcome: 'refused' })
    expect(await send({ status: 401, body: '' })).toMatchObject({ outcome: 'account' })
  })

  test('is in doubt about a success response that cannot be read', async () => {
    for (const body of ['<html>', '{}', '[]', 'null', '{"sid":7,"message_uuid":null,"messages":[]}'])
      expect(await send({ status: setup.accepted.status, body })).toMatchObject({
        outcome: 'doubt',
        reason: 'unreadable_answer',
      })
  })
}

const refusals = <Config>(setup: PhoneSetup<Config>, server: Server) => {
  const { channel, checked } = setup
  const open = opener(setup, server)

  test.each([
    '4155550123',
    '+0155550123',
    '+141555',
    '+1415555012345678',
    '+14155550123,+14155550124',
    '+1 415 555 0123',
    '+14155550123\n',
    'whatsapp:+14155550123',
    '',
  ])('refuses the number %j without a request', async (phone) => {
    const before = server().requests.length
    const result = await open().send(message(channel, phone), neverAborted)
    expect(result).toMatchObject({ outcome: 'refused', reason: 'invalid_number' })
    expect(server().requests.length).toBe(before)
  })

  test('refuses a message without text, without a request', async () => {
    const before = server().requests.length
    const result = await open().send({ ...message(channel), content: {} }, neverAborted)
    expect(result).toMatchObject({ outcome: 'refused', reason: 'empty' })
    expect(server().requests.length).toBe(before)
  })

  test('verifies the account without sending', async () => {
    const before = server().requests.length
    server().answerWith({ body: checked })
    await open().verify()
    expect(
      server()
        .requests.slice(before)
        .map(({ method }) => method),
    ).toEqual(['GET'])
    server().answerWith({ status: 401, body: {} })
    await expect(open().verify()).rejects.toThrow(/rejected the/)
    server().answerWith({ status: 404, body: {} })
    await expect(open().verify()).rejects.toThrow(/check/)
  })
}
