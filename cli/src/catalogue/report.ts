import { note } from '../process/output.ts'
import { type FileProblem, problemLine } from './problem.ts'

const byPlace = (one: FileProblem, other: FileProblem) =>
  one.file.localeCompare(other.file, 'en') || (one.line ?? 0) - (other.line ?? 0)

export const reportWarnings = (warnings: readonly FileProblem[]): void => {
  for (const { message, ...warning } of [...warnings].sort(byPlace))
    note(problemLine({ ...warning, message: `warning: ${message}` }))
}

/** Prints every problem, and that nothing was changed. */
export const reportProblems = (problems: readonly FileProblem[]): void => {
  for (const problem of [...problems].sort(byPlace)) note(problemLine(problem))
  note(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; nothing was changed`)
}
