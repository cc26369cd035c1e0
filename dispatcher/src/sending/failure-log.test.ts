import type { Outcome } from '@carillon/core/delivery/provider'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { beforeEach, expect, test } from 'vitest'
import { createFailureLog, type FailureLog, type Place } from './failure-log.ts'

const MAIL: Place = { tenant: 'acme', account: 'mail', provider: 'smtp' }
const SENT: Outcome = { outcome: 'sent' }
const DOWN: Outcome = { outcome: 'retry', reason: 'unreachable', detail: 'no connection: ECONNREFUSED' }
const FULL: Outcome = { outcome: 'retry', reason: 'mailbox_full', detail: '452', scope: 'recipient' }
const DENIED: Outcome = { outcome: 'account', reason: 'not_authorized', detail: 'AUTH 535' }

let time: number
let lines: object[]
let metrics: ReturnType<typeof createMetrics>
let failureLog: FailureLog
beforeEach(() => {
  time = 1_000_000
  lines = []
  const write = (level: string) => (fields: object, message: string) =>
    lines.push({ level, ...fields, message })
  metrics = createMetrics()
  const log = { warn: write('warn'), info: write('info') } as unknown as Parameters<
    typeof createFailureLog
  >[0]['log']
  failureLog = createFailureLog({ log, metrics, now: () => time })
})

const counted = async () =>
  (await metrics.sendFailures.get()).values.map(({ labels, value }) => [labels.account, labels.reason, value])

test('logs many failures of one kind once, and their end once', () => {
  for (let n = 0; n < 100; n++) failureLog.ended(MAIL, DOWN)
  failureLog.ended(MAIL, DENIED)
  time += 61_000
  for (let n = 0; n < 3; n++) failureLog.ended(MAIL, SENT)
  expect(lines).toEqual([
    {
      level: 'warn',
      tenant: 'acme',
      account: 'mail',
      provider: 'smtp',
      reason: 'unreachable',
      detail: 'no connection: ECONNREFUSED',
      failures: 1,
      message: 'the provider fails; its messages wait',
    },
    expect.objectContaining({ level: 'warn', reason: 'not_authorized' }),
    {
      level: 'info',
      tenant: 'acme',
      account: 'mail',
      provider: 'smtp',
      failures: 101,
      seconds: 61,
      message: 'the provider works again',
    },
  ])
})

test('does not fill the log for a provider that fails now and then', () => {
  for (let second = 0; second < 3_600; second++) {
    failureLog.ended(MAIL, second % 2 ? SENT : DOWN)
    time += 1_000
  }
  expect(lines).toHaveLength(12)
})

test('logs hosts of one account separately', () => {
  const hook = { tenant: 'acme', account: 'hook', provider: 'webhook' }
  failureLog.ended({ ...hook, host: 'bad.example' }, DOWN)
  failureLog.ended({ ...hook, host: 'good.example' }, SENT)
  expect(lines).toEqual([expect.objectContaining({ level: 'warn', host: 'bad.example' })])
})

test('counts failures of one recipient, but does not log them', async () => {
  for (let n = 0; n < 5; n++) failureLog.ended(MAIL, FULL)
  failureLog.ended(MAIL, { outcome: 'refused', reason: 'no_such_mailbox', detail: '550' })
  expect(lines).toEqual([])
  expect(await counted()).toEqual([
    ['mail', 'mailbox_full', 5],
    ['mail', 'no_such_mailbox', 1],
  ])
})

test('limits the number of remembered reasons', async () => {
  for (let n = 0; n < 5_000; n++) failureLog.ended(MAIL, { ...FULL, reason: `made_up_${n}` })
  expect((await counted()).length).toBeLessThanOrEqual(2_000)
})
