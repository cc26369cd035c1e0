import { note } from '../process/output.ts'
import type { Change } from './check.ts'
import { type FileProblem, problemLine } from './problem.ts'
import { nameOf } from './show-changes.ts'

/** Maximum names in one line. */
const LISTED_MAX = 20

const byPlace = (one: FileProblem, other: FileProblem) =>
  one.file.localeCompare(other.file, 'en') || (one.line ?? 0) - (other.line ?? 0)

/** Prints warnings, each message once: on a new installation, every step lacks its account. */
export const reportWarnings = (warnings: readonly FileProblem[]): void => {
  const alike = new Map<string, FileProblem & { others: number }>()
  for (const warning of [...warnings].sort(byPlace)) {
    const first = alike.get(warning.message)
    if (first) first.others++
    else alike.set(warning.message, { ...warning, others: 0 })
  }
  for (const { others, ...first } of alike.values()) {
    const more = others === 0 ? '' : ` (and ${others} more like it)`
    note(problemLine({ ...first, message: `warning: ${first.message}${more}` }))
  }
}

/** Returns a problem that names its place in the resource, as an answer of the hub does. */
const withPointer = ({ pointer = '', ...problem }: FileProblem): FileProblem =>
  pointer === '' ? problem : { ...problem, message: `${pointer}: ${problem.message}` }

/** Prints every problem, and that nothing was changed. */
export const reportProblems = (problems: readonly FileProblem[]): void => {
  for (const problem of [...problems].sort(byPlace)) note(problemLine(withPointer(problem)))
  note(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; nothing was changed`)
}

/** Returns one line about resources that the directory lacks. */
export const onlyOnHub = (changes: readonly Change[]): string => {
  const names = changes.slice(0, LISTED_MAX).map(nameOf).join(', ')
  const more = changes.length - LISTED_MAX
  const others = more > 0 ? ` and ${more} more, which carillon diff --prune lists` : ''
  const words = changes.length === 1 ? 'resource is only on the hub' : 'resources are only on the hub'
  return `${changes.length} ${words}; --prune deletes ${changes.length === 1 ? 'it' : 'them'}: ${names}${others}`
}

/** Prints the resources that stay, because the directory lacks them and `--prune` was not given. */
export const reportOnlyOnHub = (changes: readonly Change[]): void => {
  if (changes.length > 0) note(onlyOnHub(changes))
}
