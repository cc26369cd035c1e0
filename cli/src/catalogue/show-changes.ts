import { pathOf } from '@carillon/core/json/pointer'
import { stringify } from 'yaml'
import type { Change } from './check.ts'
import { printable } from './problem.ts'

/** Returns the name of a resource, such as `types/order.shipped`. */
export const nameOf = ({ pointer }: Pick<Change, 'pointer'>): string => printable(pathOf(pointer).join('/'))

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : stringify(value, { lineWidth: 0 }).trimEnd()

/** Returns a diff of lines, without the equal lines at both ends. */
const changedLines = (before: readonly string[], after: readonly string[]): string[] => {
  const least = Math.min(before.length, after.length)
  let start = 0
  while (start < least && before[start] === after[start]) start++
  let end = 0
  while (end < least - start && before.at(-1 - end) === after.at(-1 - end)) end++
  return [
    ...before.slice(start, before.length - end).map((line) => `- ${line}`),
    ...after.slice(start, after.length - end).map((line) => `+ ${line}`),
  ]
}

const linesOf = (value: unknown): string[] => (value === undefined ? [] : textOf(value).split('\n'))

const differenceLines = ({ pointer, before, after }: Change['differences'][number]): string[] => [
  `  ${pathOf(pointer).join(' › ')}`,
  ...changedLines(linesOf(before), linesOf(after)).map((line) => `    ${line}`),
]

/** Formats a change: the resource, and what differs in it. */
export const showChange = (change: Change): string =>
  printable(
    [`${change.change.padEnd(7)}  ${nameOf(change)}`, ...change.differences.flatMap(differenceLines)].join(
      '\n',
    ),
  )
