import type { Outcome } from '@carillon/core/delivery/provider'
import type { Http } from '@carillon/core/http/port'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { neverAborted, publicOnlyHttp, shortTimeoutHttp, standIn, testTools } from '../testing/channel.ts'

/** Sends one message by a new account of a provider whose API is at `url`. */
export type SendTo = (url: string, http: Http, signal: AbortSignal) => Promise<Outcome>

/**
 * The contract of every provider that uses `Tools.http`: the outcome of each fault of the server. Providers
 * with their own transport (SMTP, APNs, FCM) test the same faults in its terms.
 */
export const httpFaultContract = (send: SendTo): void => {
  const sendTo = (url: string, http: Http, signal = neverAborted) => send(url, http, signal)
  describe('faults', () => {
    let server: Awaited<ReturnType<typeof standIn>>
    beforeAll(async () => {
      server = await standIn()
    })
    afterAll(() => server.close())
    const { http } = testTools()

    test('a connection closed after the request is in doubt', async () => {
      server.answerWith('drop')
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'doubt', reason: 'broken' })
    })

    test.each(['hang', 'trickle'] as const)('%s is in doubt after the time limit', async (fault) => {
      server.answerWith(fault)
      expect(await sendTo(server.url, shortTimeoutHttp)).toMatchObject({
        outcome: 'doubt',
        reason: 'timeout',
      })
    })

    test('an endless response is in doubt', async () => {
      server.answerWith('endless')
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'doubt', reason: 'too_large' })
    })

    test('an abort after the request was written is in doubt', async () => {
      server.answerWith('hang')
      const before = server.requests.length
      const controller = new AbortController()
      const sending = sendTo(server.url, http, controller.signal)
      await expect.poll(() => server.requests.length).toBe(before + 1)
      controller.abort()
      expect(await sending).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
    })

    test('a refused connection is retried', async () => {
      const closed = await standIn()
      await closed.close()
      expect(await sendTo(closed.url, http)).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
    })

    test('a private address is rejected', async () => {
      const before = server.requests.length
      expect(await sendTo(server.url, publicOnlyHttp)).toMatchObject({
        outcome: 'refused',
        reason: 'refused_target',
      })
      expect(server.requests).toHaveLength(before)
    })

    test('a redirect to an internal address is not followed', async () => {
      const inner = await standIn()
      for (const status of [301, 302, 307, 308]) {
        server.answerWith({ status, headers: { location: `${inner.url}/admin` } })
        expect(await sendTo(server.url, http)).toMatchObject({ reason: 'redirected' })
      }
      expect(inner.requests).toEqual([])
      await inner.close()
    })

    test('5xx is retried after its Retry-After', async () => {
      server.answerWith({ status: 503, headers: { 'retry-after': '7' } })
      expect(await sendTo(server.url, http)).toMatchObject({
        outcome: 'retry',
        reason: 'provider_error',
        afterMs: 7_000,
      })
      for (const status of [500, 502, 504]) {
        server.answerWith({ status, body: '<html>Bad gateway' })
        expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'retry', reason: 'provider_error' })
      }
    })

    test('429 is retried after its Retry-After', async () => {
      server.answerWith({ status: 429, headers: { 'retry-after': '30' } })
      expect(await sendTo(server.url, http)).toMatchObject({
        outcome: 'retry',
        reason: 'rate_limited',
        afterMs: 30_000,
      })
    })
  })
}
