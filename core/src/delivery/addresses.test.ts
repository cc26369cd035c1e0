import { expect, test } from 'vitest'
import { addressKey } from './addresses.ts'

test.each([
  ['Mexico', '+5215512345678', '+525512345678'],
  ['Argentina', '+5491123456789', '+541123456789'],
  ['Brazil', '+551187654321', '+5511987654321'],
  ['Brazil, without the ninth digit', '+558181234567', '+5581981234567'],
  ['e-mail', 'Ada@Example.ORG', 'ada@example.org'],
  ['e-mail, A-label', 'ada@bücher.example', 'ada@xn--bcher-kva.example'],
])('%s: %s and %s belong to one person', (_, one, other) => {
  expect(addressKey(one)).toBe(addressKey(other))
})

test.each([
  ['a Brazilian landline', '+551133334444', '+5511933334444'],
  ['Mexico, with the former digit 1', '+52155123456789', '+5255123456789'],
  ['another country', '+15512345678', '+5512345678'],
  ['another number', '+525512345678', '+525512345679'],
  ['another mailbox', 'ada@example.org', 'ada+1@example.org'],
])('%s: %s and %s belong to different people', (_, one, other) => {
  expect(addressKey(one)).not.toBe(addressKey(other))
})
