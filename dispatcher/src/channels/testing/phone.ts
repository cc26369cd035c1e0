import type { Provider } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, hastyHttp, sample, standIn, testTools, unhurried } from './channel.ts'

export const PHONE = '+14155550123'
const SECRET_WORDS = 'the eagle has landed'

export type PhoneSetup<Config> = {
  provider: Provider<Config>
  /** A config whose API is at this URL. */
  config: (url: string) => Config
  channel: Channel
  /** How the provider accepts a message, and the id it gives. */
  accepted: { status: number; body: unknown }
  id: string
  /** What errors come to: status and body, to outcome, reason and, of a rate limit, its scope. */
  errors: readonly (readonly [
    status: number,
    body: unknown,
    outcome: string,
    reason: string,
    scope?: string,
  ])[]
  /** What an account in order answers to the check. */
  inOrder: unknown
}

/** What every provider of texts does, whatever happens on the way. */
export const phoneContract = <Config>({
  provider,
  config,
  channel,
  accepted,
  id,
  errors,
  inOrder,
}: PhoneSetup<Config>) =>
  describe(`${provider.name} sends texts`, () => {
    let server: Awaited<ReturnType<typeof standIn>>
    beforeAll(async () => {
      server = await standIn()
    })
    afterAll(() => server.close())

    const message = (phone = PHONE) =>
      sample({
        channel,
        address: { kind: 'phone', phone },
        content: { title: 'Alert', body: SECRET_WORDS, url: 'https://app.example/7' },
      })
    const open = (http = testTools().http) => provider.open(config(server.url), testTools({ http }))
    const send = (answer: Answer, http = hastyHttp) => {
      server.answerWith(answer)
      return open(http).send(message(), unhurried)
    }

    test('sent, with the id the provider gives', async () => {
      expect(await send(accepted)).toEqual({ outcome: 'sent', id })
      expect(server.requests.at(-1)?.method).toBe('POST')
    })

    const cases = errors.map(([status, body, outcome, reason, scope]) => ({
      status,
      body,
      expected: { outcome, reason, ...(scope && { scope }) },
    }))
    test.each(cases)('HTTP $status $body is $expected', async ({ status, body, expected }) => {
      const result = await send({ status, body })
      expect(result).toMatchObject(expected)
      expect(JSON.stringify(result)).not.toContain(PHONE.slice(1))
      expect(JSON.stringify(result)).not.toContain(SECRET_WORDS)
    })

    test('a Retry-After is kept', async () => {
      expect(await send({ status: 429, headers: { 'retry-after': '7' }, body: {} })).toEqual({
        outcome: 'retry',
        reason: 'rate_limited',
        detail: 'HTTP 429',
        scope: 'account',
        afterMs: 7_000,
      })
    })

    test('a server that fails is asked again, a refusal without reason is not', async () => {
      for (const status of [500, 502, 503])
        expect(await send({ status, body: '<html>Bad gateway' })).toMatchObject({ outcome: 'retry' })
      expect(await send({ status: 400, body: '{"code":' })).toMatchObject({ outcome: 'refused' })
      expect(await send({ status: 401, body: '' })).toMatchObject({ outcome: 'account' })
      expect(await send({ status: 302, headers: { location: 'http://127.0.0.1/' } })).toMatchObject({
        outcome: 'refused',
        reason: 'redirected',
      })
    })

    test.each(['drop', 'hang', 'trickle', 'endless'] as const)('in doubt: %s', async (fault) => {
      expect(await send(fault)).toMatchObject({ outcome: 'doubt' })
    })

    test('in doubt: accepted in words that cannot be read', async () => {
      for (const body of ['<html>', '{}', '[]', 'null', '{"sid":7,"message_uuid":null,"messages":[]}'])
        expect(await send({ status: accepted.status, body })).toMatchObject({
          outcome: 'doubt',
          reason: 'unreadable_answer',
        })
    })

    test('in doubt when it is ended once it is written', async () => {
      server.answerWith('hang')
      const before = server.requests.length
      const controller = new AbortController()
      const sending = open().send(message(), controller.signal)
      await expect.poll(() => server.requests.length).toBe(before + 1)
      controller.abort()
      expect(await sending).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
    })

    test('to be tried again when nobody is there', async () => {
      const gone = await standIn()
      await gone.close()
      const sender = provider.open(config(gone.url), testTools())
      expect(await sender.send(message(), unhurried)).toMatchObject({
        outcome: 'retry',
        reason: 'unreachable',
      })
    })

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
    ])('%j is no phone number, and nobody is asked', async (phone) => {
      const before = server.requests.length
      const result = await open().send(message(phone), unhurried)
      expect(result).toMatchObject({ outcome: 'refused', reason: 'invalid_number' })
      expect(server.requests.length).toBe(before)
    })

    test('nothing to say is refused, and nobody is asked', async () => {
      const before = server.requests.length
      const result = await open().send({ ...message(), content: {} }, unhurried)
      expect(result).toMatchObject({ outcome: 'refused', reason: 'empty' })
      expect(server.requests.length).toBe(before)
    })

    test('the account is checked without sending', async () => {
      const before = server.requests.length
      server.answerWith({ body: inOrder })
      await open().verify()
      expect(server.requests.slice(before).map(({ method }) => method)).toEqual(['GET'])
      server.answerWith({ status: 401, body: {} })
      await expect(open().verify()).rejects.toThrow(/refuses the/)
      server.answerWith({ status: 404, body: {} })
      await expect(open().verify()).rejects.toThrow(/check/)
    })
  })
