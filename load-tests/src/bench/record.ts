import { writeFileSync } from 'node:fs'
import type { Measurement } from './measure.ts'
import { cellsOf, HEADS } from './results.ts'

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** Returns the results of a run as a page of docs. `at` is its start, `machine` describes where it ran. */
const asPage = (
  results: readonly Measurement[],
  { at, machine, command }: { at: Date; machine: string; command: string },
): string =>
  [
    '# Recorded run of the benches',
    '',
    `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, \`${command}\`, on ${machine}.`,
    '',
    '`bare` is the component that was measured in the same run. `ratio` is value ÷ bare. `spread` is the minimum and maximum of',
    'the rounds of both.',
    '',
    line(HEADS),
    line(HEADS.map((head) => (['value', 'bare', 'ratio'].includes(head) ? '--:' : '---'))),
    ...results.map((result) => line(cellsOf(result))),
    '',
  ].join('\n')

/**
 * Records a run in a Markdown file. The file is written again with every result, so that a run that fails leaves the results
 * before.
 */
export const openRecord = (file: string, run: Parameters<typeof asPage>[1]) => {
  const results: Measurement[] = []
  return (more: readonly Measurement[]): void => {
    results.push(...more)
    writeFileSync(file, asPage(results, run))
  }
}
