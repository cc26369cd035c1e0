import { checkCatalogue } from '../catalogue/check.ts'
import type { ReadOptions } from '../catalogue/read.ts'
import { reportOnlyOnHub, reportProblems, reportWarnings } from '../catalogue/report.ts'
import { showChange } from '../catalogue/show-changes.ts'
import { say } from '../process/output.ts'
import { type HubOptions, hubClient } from './hub-request.ts'

/** Exit codes of `diff`, those of diff(1): 1 means different, 2 that the catalogue has errors. */
const DIFFERENT = 1
const TROUBLE = 2

export const diff = async (
  dir: string,
  { prune, env, ...options }: HubOptions & ReadOptions & { prune?: true },
) => {
  const { problems, warnings, changes } = await checkCatalogue(dir, { env }, hubClient(options))
  reportWarnings(warnings)
  if (problems.length > 0) {
    reportProblems(problems)
    process.exitCode = TROUBLE
    return
  }
  const removed = changes.filter(({ change }) => change === 'removed')
  const shown = prune ? changes : changes.filter((change) => !removed.includes(change))
  for (const change of shown) say(showChange(change))
  if (!prune) reportOnlyOnHub(removed)
  if (shown.length > 0) process.exitCode = DIFFERENT
}
