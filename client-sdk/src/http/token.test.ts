import { expect, it } from 'vitest'
import { createTokens, type TokenSource } from './token.ts'

it.each<TokenSource>([' x ', 'x\n', () => '\r\n x', async () => 'x\t'])(
  'ignores whitespace around the token %j',
  async (source) => {
    const tokens = createTokens(source)
    expect(await tokens.get()).toBe('x')
    expect(tokens.fixed).toBe(typeof source === 'string')
  },
)

it.each([undefined, null, 5, {}])('throws a TypeError for the token %j', (source) => {
  expect(() => createTokens(source as never)).toThrow(TypeError)
})
