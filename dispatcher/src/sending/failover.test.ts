import { expect, test } from 'vitest'
import { type Answer, failover } from './failover.ts'

const NOW = 1_000_000
const failing = (detail: string, afterMs?: number): Answer => ({
  ...{ outcome: 'retry', reason: 'provider_error', detail },
  ...(afterMs === undefined ? {} : { afterMs }),
})
const busy = (at: number): Answer => ({ outcome: 'busy', at, why: { reason: 'paced', detail: '' } })
const paused = (at: number, reason = 'rate_limited'): Answer => ({
  ...{ outcome: 'paused', at, cause: 'limited' },
  failure: { outcome: 'retry', reason, detail: '429' },
})
const REFUSED: Answer = { outcome: 'refused', reason: 'landline', detail: '' }
const DOUBT: Answer = { outcome: 'doubt', reason: 'timeout', detail: '' }
const TAKEN: Answer = { outcome: 'taken', claim: { claim: 'busy', until: NOW + 30_000 } }
const ACCOUNT: Answer = { outcome: 'account', reason: 'credentials', detail: '401' }

/** Runs failover over accounts with these answers. Returns the result and the number of accounts tried. */
const ask = async (...answers: Answer[]) => {
  let asked = 0
  const result = await failover(
    answers.map((_, index) => index),
    async (index) => {
      asked++
      return answers[index]!
    },
    () => NOW,
  )
  return { ...result, asked }
}

test('stops at the first candidate that accepts the message', async () => {
  const sent: Answer = { outcome: 'sent', id: 'M1' }
  expect(await ask(failing('503'), busy(NOW), paused(NOW), sent, sent)).toEqual({
    ...{ result: 'sent', candidate: 3, id: 'M1', asked: 4 },
  })
})

test.each([
  ['refuses the message permanently', REFUSED, 'refused'],
  ['leaves the message in doubt', DOUBT, 'in_doubt'],
  ['finds the message claimed by another process', TAKEN, 'taken'],
])('stops at a candidate that %s', async (_, answer, result) => {
  expect(await ask(ACCOUNT, answer, { outcome: 'sent' })).toMatchObject({ result, asked: 2 })
})

test('prefers a failure to a full bulkhead, and a full bulkhead to a pause', async () => {
  expect(await ask(paused(NOW + 1), busy(NOW + 2), failing('503'))).toMatchObject({ result: 'failed' })
  expect(await ask(paused(NOW + 1), busy(NOW + 2))).toMatchObject({ result: 'busy' })
  expect(await ask(paused(NOW + 2, 'first'), paused(NOW + 1, 'second'))).toMatchObject({
    ...{ result: 'paused', candidate: 0, pause: { failure: { reason: 'first' } } },
  })
})

test('returns the last of several failures', async () => {
  expect(await ask(failing('500'), failing('503'))).toMatchObject({
    candidate: 1,
    failure: { detail: '503' },
  })
})

test('returns the time at which the first candidate is free', async () => {
  expect(await ask(failing('503', 5_000), busy(NOW + 2_000), paused(NOW + 9_000))).toMatchObject({
    free: NOW + 2_000,
  })
  expect(await ask(failing('503', 5_000), failing('429', 60_000))).toMatchObject({ free: NOW + 5_000 })
  expect(await ask(failing('503'))).toMatchObject({ free: NOW })
})

test('throws without candidates', async () => {
  await expect(ask()).rejects.toThrow(RangeError)
})
