import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DECIDERS, DECISION_OUTCOMES, DECISION_REASONS, DECISION_STAGES } from './decision.ts'

const page = readFileSync(new URL('../../../docs/explain.md', import.meta.url), 'utf8')

/** Returns the rows of the table whose first column has this heading. */
const table = (heading: string): Record<string, string> => {
  const lines = page
    .slice(page.indexOf(`| \`${heading}\` |`))
    .split('\n')
    .slice(2)
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('|')),
  )
  return Object.fromEntries(rows.map((row) => /^\| `(\w+)` \| (.+) \|$/.exec(row)?.slice(1) ?? [row, '']))
}

test.each([
  ['stage', DECISION_STAGES],
  ['outcome', DECISION_OUTCOMES],
  ['by', DECIDERS],
  ['reason', DECISION_REASONS],
])('docs/explain.md lists every %s with its meaning, in order', (heading, words) => {
  expect(Object.entries(table(heading))).toEqual(Object.entries(words))
})
