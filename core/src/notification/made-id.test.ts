import { expect, test } from 'vitest'
import { createSeal } from '../security/seal.ts'
import { derivedUuid7, uuid7Time } from './ids.ts'
import { isMadeId, madeId } from './made-id.ts'

const seal = createSeal('a secret only for tests')

test('an id made for a tenant is recognized for this tenant, with this secret', () => {
  const ids = Array.from({ length: 100 }, (_, n) => derivedUuid7(1_767_225_600_000 + n, String(n)))
  const made = ids.map((id) => madeId(seal, 'acme', id))
  expect(made.map(uuid7Time)).toEqual(ids.map(uuid7Time))
  expect(new Set(made).size).toBe(100)
  expect(made.every((id) => isMadeId(seal, 'acme', id))).toBe(true)
  const elsewhere = (id: string) => isMadeId(seal, 'globex', id)
  // One in 65,536 passes by chance.
  expect(made.filter(elsewhere).length).toBeLessThan(3)
  expect(made.filter((id) => isMadeId(createSeal('another secret'), 'acme', id)).length).toBeLessThan(3)
  expect(ids.filter((id) => isMadeId(seal, 'acme', id)).length).toBeLessThan(3)
  expect(['', 'abc', 'order-7'].some((id) => isMadeId(seal, 'acme', id))).toBe(false)
})
