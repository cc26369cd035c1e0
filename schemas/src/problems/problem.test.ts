import { expect, test } from 'vitest'
import { problem, problemDetails, UserProfile } from '../index.ts'

test('a problem names the place and never repeats values', () => {
  const { error } = UserProfile.safeParse({ email: 'hunter2', 'a/b~c': 1 })
  const details = problemDetails(error!.issues)
  expect(details.map(({ pointer }) => pointer)).toContain('/email')
  expect(JSON.stringify(problem('invalid_request', 'x', details))).not.toContain('hunter2')
  const errors = [
    { pointer: '/otp/countries/0', message: 'must be a country' },
    { pointer: '/url', message: 'must be https' },
  ]
  expect(problem('invalid_request', 'the settings are invalid', errors)).toMatchObject({
    detail: 'the settings are invalid: /otp/countries/0: must be a country (and 1 more)',
    errors,
  })
  const told = 'a link is invalid: must be https'
  expect(problem('invalid_request', told, errors.slice(1)).detail).toBe(told)
  expect(problem('unavailable', 'x')).toMatchObject({
    status: 503,
    temporary: true,
    type: 'urn:carillon:problem:unavailable',
  })
})
