import fc from 'fast-check'
import { Tokenizer } from 'liquidjs'
import { expect, test } from 'vitest'
import './token-positions.ts'

test('the position of a token is its line and column', () => {
  const parts = fc.array(fc.constantFrom('{{ a }}', '{% if b %}', 'text', '\n', '\r\n', 'é'))
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const sources = [one.join(''), other.join('')]
      for (const source of [...sources, ...sources])
        for (const token of new Tokenizer(source).readTopLevelTokens()) {
          const lines = source.slice(0, token.begin).split('\n')
          expect(token.getPosition()).toEqual([lines.length, (lines.at(-1)?.length ?? 0) + 1])
        }
    }),
  )
})
