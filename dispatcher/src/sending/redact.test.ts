import type { Address } from '@carillon/core/delivery/provider'
import { expect, test } from 'vitest'
import { redacted } from './redact.ts'

test.each<[Address, string, string]>([
  [
    { kind: 'email', email: 'Ada@example.org' },
    '550 5.1.1 <ada@EXAMPLE.org>: Recipient Ada@example.org unknown',
    '550 5.1.1 <…>: Recipient … unknown',
  ],
  [{ kind: 'phone', phone: '+351911111111' }, 'to 351911111111 (+351911111111): no', 'to … (…): no'],
  [
    { kind: 'device', id: 'd', device: { kind: 'fcm', token: 'abc:DEF' } },
    'the token abc:DEF is not registered',
    'the token … is not registered',
  ],
  [{ kind: 'account' }, 'the channel is archived', 'the channel is archived'],
  [{ kind: 'email', email: 'ada@example.org' }, 'İ: ada@example.org', 'İ: …'],
])('keeps the address out of the ledger if a provider repeats it as %o', (address, said, detail) => {
  const failure = { outcome: 'refused', reason: 'bounced', detail: said } as const
  expect(redacted(failure, address)).toEqual({ ...failure, detail })
  expect(redacted({ outcome: 'sent', id: '7' }, address)).toEqual({ outcome: 'sent', id: '7' })
})
