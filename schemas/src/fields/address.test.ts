import { expect, test } from 'vitest'
import { EmailAddress, parse, UserProfile } from '../index.ts'

test.each([
  ['ada@example.com', 'ada@example.com'],
  ['R&D@example.com', 'R&D@example.com'],
  ['user~tag@example.com', 'user~tag@example.com'],
  ["o'brien+news@example.com", "o'brien+news@example.com"],
  ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
  ['info@xn--e1afmkfd.xn--p1ai', 'info@xn--e1afmkfd.xn--p1ai'],
  ['user@bücher.example', 'user@xn--bcher-kva.example'],
  ['user@Bücher.Example', 'user@xn--bcher-kva.example'],
  ['Ada@EXAMPLE.com', 'Ada@example.com'],
  ['a@b.c.d-e.museum', 'a@b.c.d-e.museum'],
])('accepts the e-mail address %j as %j', (given, kept) => {
  expect(parse(EmailAddress, given)).toEqual({ success: true, data: kept })
  expect(parse(EmailAddress, kept)).toEqual({ success: true, data: kept })
})

test.each([
  '',
  'ada',
  '@example.com',
  'ada@',
  'ada@localhost',
  'ada@@example.com',
  'ada@b@example.com',
  '.ada@example.com',
  'ada.@example.com',
  'a..b@example.com',
  'ada@.example.com',
  'ada@example.com.',
  'ada@exa mple.com',
  'ada@-example.com',
  'ada@example..com',
  'ada@127.0.0.1',
  'ada@[127.0.0.1]',
  'ada@0x7f.1',
  'ada@example.com:25',
  'ada@example.com/x',
  'ada@ex%61mple.com',
  '"ada b"@example.com',
  'jösé@example.com',
  'ada@example.com\r\nBcc: eve@example.com',
  'Ada <ada@example.com>',
  'ada@example.com,bob@example.com',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(64)}.example`,
  `ada@${'a.'.repeat(130)}example`,
])('rejects the e-mail address %j', (given) => {
  expect(parse(EmailAddress, given)).toMatchObject({
    success: false,
    issues: [{ message: 'must be an e-mail address' }],
  })
})

test.each([
  ['pt-BR', 'pt-BR'],
  ['pt_BR', 'pt-BR'],
  ['PT_br', 'pt-BR'],
  ['en-US-u-mu-celsius', 'en-US-u-mu-celsius'],
  ['zh-Hant-TW', 'zh-Hant-TW'],
  ['sr_Latn_RS', 'sr-Latn-RS'],
  ['de-1996', 'de-1996'],
  ['x-klingon', undefined],
  ['portuguese', undefined],
  ['pt-BR.UTF-8', undefined],
  ['', undefined],
  ['a'.repeat(65), undefined],
])('normalizes the locale %j to %j', (given, kept) => {
  const parsed = parse(UserProfile, { locale: given })
  expect(parsed.success ? parsed.data.locale : undefined).toBe(kept)
})
