import { expect, test } from 'vitest'
import { UserId } from '../index.ts'

test.each([
  'ada',
  'ada@example.com',
  'auth0|5f7c',
  '_9fK2xQ',
  '-JhLeOl',
  'gid://shop/Customer/7',
  '+351912345678',
  '{0a1b2c3d-0000-4000-8000-000000000000}',
  'ab+/c==',
  'josé',
  'jose\u0301',
  '山田 太郎',
  '👩‍💻',
  '__proto__',
  `ada"; DROP TABLE inbox; --`,
  '../../etc/passwd',
  '%2F',
  '>',
  'A'.repeat(128),
  'é'.repeat(64),
])('accepts the user id %j', (id) => {
  expect(UserId.safeParse(id).success).toBe(true)
})

test.each([
  '',
  '.',
  '..',
  'a\0b',
  ' ab',
  'ab ',
  'a\nb',
  'a\u2028b',
  '\u202eada',
  'a\u200bb',
  'a\ud83d',
  'x'.repeat(129),
  'é'.repeat(65),
  'x'.repeat(10_000),
])('rejects the user id %j', (id) => {
  expect(UserId.safeParse(id).success).toBe(false)
})
