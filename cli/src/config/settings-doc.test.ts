import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Environment } from './environment.ts'

test('docs/settings.md lists every setting, and no other', () => {
  const page = readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/`(CARILLON_\w+)`(?=.*\|.*\|)/g)].map(([, name]) => name)
  expect([...new Set(listed)].sort()).toEqual(Object.keys(Environment.shape).sort())
})
