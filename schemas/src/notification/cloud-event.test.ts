import { expect, test } from 'vitest'
import { isCloudEvent } from '../index.ts'

test('a CloudEvent is recognized by its specversion', () => {
  expect(isCloudEvent({ specversion: '1.0' })).toBe(true)
  expect(isCloudEvent({ to: 'ada' })).toBe(false)
  expect(isCloudEvent(null)).toBe(false)
})
