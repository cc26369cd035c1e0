import type { Http, Outcome } from '@carillon/core/delivery/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hastyHttp, standIn, strictHttp, testTools } from './channel.ts'

/** Sends one message to a provider whose API is at `url`. */
export type SendTo = (url: string, http: Http) => Promise<Outcome>

/** What every provider that is reached over HTTP makes of a faulty one. `sendTo` must send one message. */
export const httpFaults = (sendTo: SendTo): void => {
  describe('faults', () => {
    let server: Awaited<ReturnType<typeof standIn>>
    beforeAll(async () => {
      server = await standIn()
    })
    afterAll(() => server.close())
    const { http } = testTools()

    test('dropped after it was taken: in doubt', async () => {
      server.answerWith('drop')
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'doubt', reason: 'broken' })
    })

    test.each(['hang', 'trickle'] as const)('%s: in doubt, within the time limit', async (fault) => {
      server.answerWith(fault)
      expect(await sendTo(server.url, hastyHttp)).toMatchObject({ outcome: 'doubt', reason: 'timeout' })
    })

    test('an endless answer: in doubt', async () => {
      server.answerWith('endless')
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'doubt', reason: 'too_large' })
    })

    test('nobody there: tried again', async () => {
      const closed = await standIn()
      await closed.close()
      expect(await sendTo(closed.url, http)).toMatchObject({ outcome: 'retry', reason: 'unreachable' })
    })

    test('a private address: refused', async () => {
      const before = server.requests.length
      expect(await sendTo(server.url, strictHttp)).toMatchObject({
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

    test('5xx: tried again, when it says', async () => {
      server.answerWith({ status: 503, headers: { 'retry-after': '7' } })
      expect(await sendTo(server.url, http)).toMatchObject({
        outcome: 'retry',
        reason: 'provider_error',
        afterMs: 7_000,
      })
      server.answerWith({ status: 500, body: 'oops' })
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'retry', reason: 'provider_error' })
    })

    test('429: tried again, when it says', async () => {
      server.answerWith({ status: 429, headers: { 'retry-after': '30' } })
      expect(await sendTo(server.url, http)).toMatchObject({ outcome: 'retry', reason: 'rate_limited' })
    })
  })
}
