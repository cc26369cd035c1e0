import { expect, test } from 'vitest'
import { defineType } from '../index.ts'

test('a type in code is checked by TypeScript, and returned as it is', () => {
  const type = defineType({ content: { title: 'Hi' }, plan: [{ channel: 'email', after: 600 }] })
  expect(type).toEqual({ content: { title: 'Hi' }, plan: [{ channel: 'email', after: 600 }] })
  // @ts-expect-error: there is no such channel
  defineType({ plan: [{ channel: 'fax' }] })
  // @ts-expect-error: the type of a title
  defineType({ content: { title: 7 } })
})
