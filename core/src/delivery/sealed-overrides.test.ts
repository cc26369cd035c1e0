import { expect, test } from 'vitest'
import { createSeal } from '../security/seal.ts'
import { openOverrides, sealOverrides } from './sealed-overrides.ts'

const seal = createSeal('a secret only for tests')
const place = { tenant: 'acme', notification: 'n1' }
const email = { bcc: [{ email: 'secret@example.org' }] }

test('overrides are encrypted for one notification and channel', () => {
  const overrides = sealOverrides(seal, place, { email, sms: { text: 'Call us' } })
  expect(Object.keys(overrides).sort()).toEqual(['email', 'sms'])
  expect(JSON.stringify(overrides)).not.toMatch(/secret|Call/)
  expect(openOverrides(seal, { ...place, overrides }, 'email')).toEqual(email)
  expect(openOverrides(seal, { ...place, overrides }, 'push')).toBeUndefined()
  expect(openOverrides(seal, place, 'email')).toBeUndefined()
  expect(() => openOverrides(seal, { ...place, notification: 'n2', overrides }, 'email')).toThrow()
  const swapped = { push: overrides.email! }
  expect(() => openOverrides(seal, { ...place, overrides: swapped }, 'push')).toThrow()
})
