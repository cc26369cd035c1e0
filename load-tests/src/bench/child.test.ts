import { expect, test } from 'vitest'
import { startChild } from './child.ts'
import { withTimeLimit } from './time-limit.ts'

test('a module that does not start is an error', async () => {
  await expect(startChild(new URL('./no-such-module.ts', import.meta.url))).rejects.toThrow(
    /no-such-module\.ts exited with 1 at its start/,
  )
})

test('work that never ends is an error, and other work is unaffected', async () => {
  await expect(withTimeLimit(20, 'the page', new Promise(() => {}))).rejects.toThrow(
    'the page did not respond within 0.02 s',
  )
  expect(await withTimeLimit(60_000, 'the page', Promise.resolve('painted'))).toBe('painted')
})
