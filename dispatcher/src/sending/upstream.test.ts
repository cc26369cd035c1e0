import type { Outcome } from '@carillon/core/delivery/provider'
import { beforeEach, describe, expect, test } from 'vitest'
import { sample } from '../channels/testing/channel.ts'
import { createUpstream, type Upstream } from './upstream.ts'

const SENT: Outcome = { outcome: 'sent' }
const limited = (scope: 'recipient' | 'account'): Outcome => ({
  outcome: 'retry',
  reason: 'rate_limited',
  detail: '429',
  scope,
  afterMs: 600_000,
})
const BROKEN: Outcome = { outcome: 'retry', reason: 'provider_error', detail: 'HTTP 503' }

let time: number
let answer: Outcome
let upstream: Upstream
beforeEach(() => {
  time = 1_000_000
  answer = SENT
  const sender = { send: async () => answer, verify: async () => {}, close: async () => {} }
  upstream = createUpstream(sender, { concurrency: 8 }, () => time)
})

/** Sends to a recipient; says what came of it, or why it was not sent. */
const send = async (recipient: string, says: Outcome = SENT, priority: 'critical' | 'normal' = 'normal') => {
  answer = says
  const permit = upstream.admit(priority, recipient)
  if (permit.outcome === 'paused') return permit.cause
  return (await permit.send(sample({ priority }))).outcome
}

describe('a limit on one recipient', () => {
  test('holds up that recipient alone', async () => {
    await send('ada', limited('recipient'))
    expect(await send('ada')).toBe('limited')
    expect(await send('bob')).toBe('sent')
    time += 600_000
    expect(await send('ada')).toBe('sent')
  })

  test('is probed sooner by a critical message', async () => {
    await send('ada', limited('recipient'))
    expect(await send('ada', SENT, 'critical')).toBe('limited')
    time += 5_000
    expect(await send('ada', SENT, 'critical')).toBe('sent')
    expect(await send('ada')).toBe('sent')
  })

  test('is taken for one of the account when it hits several in a row', async () => {
    for (const recipient of ['a', 'b', 'c', 'd']) await send(recipient, limited('recipient'))
    expect(await send('e')).toBe('sent')
    for (const recipient of ['f', 'g', 'h', 'i', 'j']) await send(recipient, limited('recipient'))
    expect(await send('k')).toBe('limited')
    time += 600_000
    expect(await send('k')).toBe('sent')
  })
})

test('a limit on the account holds up everybody, until its end or a success', async () => {
  await send('ada', limited('account'))
  expect(await send('bob')).toBe('limited')
  time += 5_000
  expect(await send('eve', SENT, 'critical')).toBe('sent')
  expect(await send('bob')).toBe('sent')
})

describe('faults', () => {
  test('of several recipients open the breaker for all', async () => {
    for (const recipient of ['a', 'b', 'a', 'b', 'a']) await send(recipient, BROKEN)
    expect(await send('c')).toBe('down')
    expect(upstream.refusal('normal', 'c')).toMatchObject({ failure: { reason: 'provider_error' } })
  })

  test('of one recipient, such as one URL on a host, hold up that one', async () => {
    for (let fault = 0; fault < 5; fault++) await send('a', BROKEN)
    expect(await send('a')).toBe('down')
    expect(await send('b')).toBe('sent')
  })

  test('that concern a recipient say nothing about the provider', async () => {
    const full: Outcome = { outcome: 'retry', reason: 'mailbox_full', detail: '452', scope: 'recipient' }
    for (let n = 0; n < 20; n++) await send(`user-${n}`, full)
    expect(await send('ada')).toBe('sent')
  })
})

test('a message that is not sent after all leaves the probe to the next', async () => {
  await send('ada', limited('account'))
  time += 600_000
  const permit = upstream.admit('normal', 'ada')
  if (permit.outcome === 'paused') throw new Error('it is not half-open')
  expect(upstream.refusal('normal', 'bob')).toBeDefined()
  permit.release()
  expect(await send('bob')).toBe('sent')
})
