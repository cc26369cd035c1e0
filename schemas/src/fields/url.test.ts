import { expect, test } from 'vitest'
import { Link, URL_MAX, WebUrl } from '../index.ts'

test.each([
  ['https://app.example/posts/7?a=1&b=2#c', 'https://app.example/posts/7?a=1&b=2#c'],
  ['HTTPS://App.Example', 'https://app.example/'],
  [' https://bücher.example/ein Buch?q=über ', 'https://xn--bcher-kva.example/ein%20Buch?q=%C3%BCber'],
  ['https://app.example/%7Euser/a%20b', 'https://app.example/%7Euser/a%20b'],
  ['https://app.example/\ud83d', 'https://app.example/%EF%BF%BD'],
  ['http://app.example:8080/', 'http://app.example:8080/'],
])('accepts the URL %j as %j', (given, kept) => {
  expect(WebUrl.parse(given)).toBe(kept)
  expect(Link.parse(given)).toBe(kept)
  expect(Link.parse(kept)).toBe(kept)
})

test.each([
  ['/', '/'],
  ['/posts/7', '/posts/7'],
  ['/für ä?q=ö#ü', '/f%C3%BCr%20%C3%A4?q=%C3%B6#%C3%BC'],
  ['/a/../b', '/b'],
  ['/a\\b', '/a/b'],
  ['mailto:ada@example.com?subject=a b', 'mailto:ada@example.com?subject=a%20b'],
  ['TEL:+351 911', 'tel:+351%20911'],
])('accepts the link %j as %j', (given, kept) => {
  expect(Link.parse(given)).toBe(kept)
  expect(Link.parse(kept)).toBe(kept)
  expect(WebUrl.safeParse(given).success).toBe(false)
})

test.each([
  '',
  ' ',
  'posts/7',
  'app.example',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/./\\evil.example',
  'https:/evil.example',
  'https:\\\\evil.example',
  'https:///evil.example',
  'https://',
  'https://user@app.example',
  'https://user:secret@app.example',
  'https://app.example/\r\nset-cookie: a',
  'https://app.example/\u0000',
  'https://app.example/\u0085\u2028',
  'java\nscript:alert(1)',
  'javascript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  'ftp://app.example',
  `https://app.example/${'a'.repeat(URL_MAX)}`,
  `https://app.example/${'ü'.repeat(400)}`,
])('rejects %j', (given) => {
  expect(Link.safeParse(given).success).toBe(false)
  expect(WebUrl.safeParse(given).success).toBe(false)
})

test('does not repeat the input in an error', () => {
  const { error } = Link.safeParse('https://hunter2@app.example')
  expect(error?.issues[0]?.message).toBe('must not contain credentials')
})

test('accepts a path unchanged only if a URL parser would not change it', () => {
  for (const path of [
    '/',
    '/a',
    '/a/b?c=d&e#f',
    '/a.b',
    '/a?b=/c',
    '/a#b#c',
    '/a;b=1,2',
    '/~ada/@x:y',
    "/a?q='x'",
    '/a/',
  ])
    for (const text of [path, `${path}/./x`, `${path}//x`, `${path}%41`, `${path}..`]) {
      const url = new URL(text, 'https://app.example')
      const parsed = Link.safeParse(text)
      if (parsed.success) expect(parsed.data).toBe(url.pathname + url.search + url.hash)
      else expect(url.origin !== 'https://app.example' || url.pathname.startsWith('//')).toBe(true)
    }
})
