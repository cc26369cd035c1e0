import { expect, it } from 'vitest'
import { titleOf } from './title.ts'

const type = 'order.shipped'

it.each([undefined, '', '   ', '\n', '\u200B', '\u200E\u200F', '\u2066\u2069', '\u0301', '\u3164'])(
  'shows the type in place of the title %j',
  (title) => {
    expect(titleOf({ ...(title !== undefined && { title }), type })).toBe(type)
  },
)

it.each(['0', '.', '\u200Fשלום', 'e\u0301', '👍', ' x '])('shows the title %j', (title) => {
  expect(titleOf({ title, type })).toBe(title)
})

it('shortens a long title, and removes bidirectional embeddings', () => {
  expect(titleOf({ title: 'a'.repeat(301), type })).toBe(`${'a'.repeat(300)}…`)
  expect(titleOf({ title: '\u202Eabc', type })).toBe('abc')
})
