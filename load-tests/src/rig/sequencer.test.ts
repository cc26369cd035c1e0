import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LONG, WAITING } from './sequencer.ts'

test.each([...WAITING, ...LONG])('%s, which has a place in the order of test files, exists', (file) => {
  expect(existsSync(new URL(`../../../${file}`, import.meta.url))).toBe(true)
})
