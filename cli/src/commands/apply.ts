import { createInterface } from 'node:readline/promises'
import { type CatalogueReport, type Change, checkCatalogue, splitPointer } from '../catalogue/check.ts'
import type { ReadOptions } from '../catalogue/read.ts'
import { reportOnlyOnHub, reportProblems, reportWarnings } from '../catalogue/report.ts'
import { nameOf } from '../catalogue/show-changes.ts'
import { refuse } from '../process/command-error.ts'
import { note, say } from '../process/output.ts'
import { describeProblem, type HubOptions, hubClient } from './hub-request.ts'

const FAILED = 1

type Options = HubOptions & ReadOptions & { prune?: true; yes?: true }

/** Asks before deleting. Ends the process unless the answer is yes. */
const confirm = async (removed: readonly Change[]) => {
  for (const change of removed) note(`to be deleted: ${nameOf(change)}`)
  if (!process.stdin.isTTY) refuse('nothing was changed: --prune deletes only with --yes')
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await questions.question(`Delete ${removed.length}? [y/N] `)
  questions.close()
  if (!/^y(es)?$/i.test(answer.trim())) refuse('nothing was changed')
}

/** Writes one change. Ends the process if the hub refuses it, because later resources may need it. */
const write = async (
  { pointer, change, etag }: Change,
  { catalogue, client }: { catalogue: CatalogueReport['catalogue']; client: ReturnType<typeof hubClient> },
) => {
  const { name, key, kind = refuse(`${pointer} is unknown`) } = splitPointer(pointer)
  const { status, text } = await client.call({
    path: kind.route(key),
    ...(change === 'removed'
      ? { method: 'DELETE' }
      : { method: 'PUT', body: catalogue.get(name)?.get(key)?.value }),
    // Changes that were made since the check are not overwritten.
    ...(etag === undefined ? {} : { ifMatch: etag }),
  })
  if (status >= 300)
    refuse(
      `${nameOf({ pointer })}: ${client.hub} answered ${status}: ${describeProblem(text)}\nwhat is listed above was written; apply again`,
    )
}

const WORDS = { added: 'added', changed: 'changed', removed: 'deleted' }

/**
 * Writes a catalogue to a hub, once all of it has been checked. Earlier kinds are written first and deleted last, because later ones
 * refer to them.
 */
export const apply = async (dir: string, { prune, yes, env, ...options }: Options) => {
  const client = hubClient(options)
  const { catalogue, problems, warnings, changes } = await checkCatalogue(dir, { env }, client)
  reportWarnings(warnings)
  if (problems.length > 0) {
    reportProblems(problems)
    process.exitCode = FAILED
    return
  }
  const removed = changes.filter(({ change }) => change === 'removed').reverse()
  const written = changes.filter(({ change }) => change !== 'removed')
  if (prune && removed.length > 0 && !yes) await confirm(removed)
  const done = prune ? [...written, ...removed] : written
  for (const change of done) {
    await write(change, { catalogue, client })
    say(`${WORDS[change.change].padEnd(7)}  ${nameOf(change)}`)
  }
  if (!prune) reportOnlyOnHub(removed)
  if (done.length === 0) say('nothing to change')
}
