import { parse } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { createSeal } from '../security/seal.ts'
import type { OutgoingMessage } from '../stream/port.ts'
import type { Report } from './provider.ts'
import { ReportWork, reportMessages, reportsOf } from './report-work.ts'

const seal = createSeal('a secret only for tests')
const NOW = Date.UTC(2026, 0, 31, 9)
const place = { tenant: 'acme', account: 'mail' }
const written = (...reports: Report[]) => reportMessages(seal, place, reports, NOW)
const read = ({ data }: OutgoingMessage, tenant = 'acme') => {
  const work = parse(ReportWork, JSON.parse(Buffer.from(data).toString()))
  if (!work.success) throw new Error('it does not fit its schema')
  return reportsOf(seal, tenant, work.data)
}
const bounce: Report = {
  id: 'M1',
  state: 'failed',
  reason: 'bounce',
  at: NOW - 5_000,
  suppress: { channels: ['email'], address: 'ada@example.org', reason: 'bounce' },
}

describe('reports in the log', () => {
  test('are read as written, for the account in their subject', () => {
    const start: Report = { at: NOW, restore: { channels: ['sms', 'mms'], address: '+351911111111' } }
    const [message] = written(bounce, start)
    expect(message?.subject).toBe('work.report.mail.normal.acme')
    expect(message && read(message)).toEqual([bounce, start])
  })

  test('contain no address in plain text, and can be opened only for their tenant', () => {
    const [message] = written(bounce)
    expect(Buffer.from(message!.data).toString()).not.toContain('ada@example.org')
    expect(message?.dedupe).not.toContain('ada')
    expect(() => read(message!, 'globex')).toThrow()
  })

  test('are split into several messages, each below the maximum payload of NATS', () => {
    const longest: Report = {
      ...bounce,
      id: 'é'.repeat(1_000),
      reason: 'é'.repeat(5_000),
      suppress: { channels: ['email'], address: 'é'.repeat(1_000), reason: 'bounce' },
    }
    const messages = written(...Array.from({ length: 401 }, () => longest))
    expect(messages.map((message) => read(message).length)).toEqual([200, 200, 1])
    expect(Math.max(...messages.map(({ data }) => data.length))).toBeLessThan(1_048_576)
  })

  test('are dropped if an id or address is too long', () => {
    const long = 'x'.repeat(1_001)
    expect(
      written({ ...bounce, id: long }, { at: NOW, restore: { channels: ['email'], address: long } }),
    ).toEqual([])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, NOW + 1])(
    'get the current time instead of %d',
    (at) => {
      const [message] = written({ ...bounce, at })
      expect(message && read(message)[0]?.at).toBe(NOW)
    },
  )

  test('have the same dedupe id if repeated, which differs from those of other accounts and tenants', () => {
    const dedupes = [
      written(bounce),
      written(bounce),
      reportMessages(seal, { ...place, account: 'other' }, [bounce], NOW),
      reportMessages(seal, { ...place, tenant: 'globex' }, [bounce], NOW),
      written({ ...bounce, state: 'delivered' }),
    ].map(([message]) => message?.dedupe)
    expect(new Set(dedupes).size).toBe(4)
    expect(dedupes[0]).toBe(dedupes[1])
  })
})
