import { expect, test } from 'vitest'
import { flattenProfile, profileOf } from './profile.ts'

test('a flattened profile can be restored', () => {
  const profile = { name: 'Ada', attributes: JSON.parse('{"__proto__":1,"a/b":{"c":[null]}}') as object }
  const flat = flattenProfile(profile as Parameters<typeof flattenProfile>[0])
  expect([...flat.keys()]).toEqual(['name', 'attributes/__proto__', 'attributes/a/b'])
  expect(JSON.stringify(profileOf(flat))).toBe(JSON.stringify(profile))
  expect(flattenProfile({ email: undefined })).toEqual(new Map())
})
