import { note } from '../process/output.ts'
import type { Change } from './check.ts'
import { type FileProblem, problemLine } from './problem.ts'
import { nameOf } from './show-changes.ts'

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

/** Prints every problem, and that nothing was changed. */
export const reportProblems = (problems: readonly FileProblem[]): void => {
  for (const problem of [...problems].sort(byPlace)) note(problemLine(problem))
  note(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; nothing was changed`)
}

/** Prints the resources that stay, because the directory lacks them and `--prune` was not given. */
export const reportOnlyOnHub = (changes: readonly Change[]): void => {
  for (const change of changes) note(`only on the hub, --prune deletes it: ${nameOf(change)}`)
}
