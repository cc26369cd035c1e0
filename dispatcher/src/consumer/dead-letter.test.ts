import { ProblemError } from '@carillon/core/errors'
import { expect, test } from 'vitest'
import { deadReasonOf } from './dead-letter.ts'

test('returns the detail of a problem as the reason', () => {
  const error = new ProblemError('type_unknown', 'there is no type x', {
    cause: new Error('unconfigured table types'),
  })
  expect(deadReasonOf(error, 1)).toEqual({ reason: { code: 'type_unknown', detail: 'there is no type x' } })
})

test.each([
  new Error('unconfigured table carillon.inbox'),
  new TypeError("Cannot read properties of undefined (reading 'rows')"),
  'SQLITE_ERROR: no such column',
])('returns only a reference for any other error: %s', (error) => {
  const { reason, reference } = deadReasonOf(error, 8)
  expect(reference).toMatch(/^[0-9a-f]{12}$/)
  expect(reason).toEqual({
    code: 'too_many_attempts',
    detail: `Carillon failed to handle it 8 times; its log has the reason under the reference ${reference}`,
  })
})
