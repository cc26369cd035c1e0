import type { Outcome } from '@carillon/core/delivery/provider'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Breakers, createBreakers } from './breakers.ts'

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
let breakers: Breakers
beforeEach(() => {
  time = 1_000_000
  breakers = createBreakers(() => time)
})

/** Sends to a recipient. Returns the outcome, or the reason why nothing was sent. */
const send = (recipient: string, says: Outcome = SENT, priority: 'critical' | 'normal' = 'normal') => {
  const paused = breakers.pause(priority, recipient)
  if (paused) return paused.cause
  breakers.begin(recipient).ended(says)
  return says.outcome
}

describe('a rate limit of one recipient', () => {
  test('pauses only that recipient', () => {
    send('ada', limited('recipient'))
    expect(send('ada')).toBe('limited')
    expect(send('bob')).toBe('sent')
    time += 600_000
    expect(send('ada')).toBe('sent')
  })

  test('is probed sooner by a critical message', () => {
    send('ada', limited('recipient'))
    expect(send('ada', SENT, 'critical')).toBe('limited')
    time += 5_000
    expect(send('ada', SENT, 'critical')).toBe('sent')
    expect(send('ada')).toBe('sent')
  })

  test('counts as a limit of the account after hitting five recipients in a row', () => {
    for (const recipient of ['a', 'b', 'c', 'd']) send(recipient, limited('recipient'))
    expect(send('e')).toBe('sent')
    for (const recipient of ['f', 'g', 'h', 'i', 'j']) send(recipient, limited('recipient'))
    expect(send('k')).toBe('limited')
    time += 600_000
    expect(send('k')).toBe('sent')
  })
})

test('a rate limit of the account pauses every recipient, until its end or a success', () => {
  send('ada', limited('account'))
  expect(send('bob')).toBe('limited')
  time += 5_000
  expect(send('eve', SENT, 'critical')).toBe('sent')
  expect(send('bob')).toBe('sent')
})

describe('faults', () => {
  test('faults of several recipients open the breaker for all', () => {
    for (const recipient of ['a', 'b', 'a', 'b', 'a']) send(recipient, BROKEN)
    expect(send('c')).toBe('down')
    expect(breakers.pause('normal', 'c')).toMatchObject({ failure: { reason: 'provider_error' } })
  })

  test('faults of one recipient, such as one URL of a host, pause only that recipient', () => {
    for (let fault = 0; fault < 5; fault++) send('a', BROKEN)
    expect(send('a')).toBe('down')
    expect(send('b')).toBe('sent')
  })

  test('failures that concern a recipient do not count against the provider', () => {
    const full: Outcome = { outcome: 'retry', reason: 'mailbox_full', detail: '452', scope: 'recipient' }
    for (let n = 0; n < 20; n++) send(`user-${n}`, full)
    expect(send('ada')).toBe('sent')
  })
})

test('a message that is not sent leaves the probe to the next one', () => {
  send('ada', limited('account'))
  time += 600_000
  expect(breakers.pause('normal', 'ada')).toBeUndefined()
  const probe = breakers.begin('ada')
  expect(breakers.pause('normal', 'bob')).toBeDefined()
  probe.released()
  expect(send('bob')).toBe('sent')
})
