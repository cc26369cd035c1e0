import { join } from 'node:path'
import { pathOf } from '@carillon/core/json/pointer'
import { z } from 'zod'
import { describeProblem, errorsOf, type hubClient, readAnswer } from '../commands/hub-request.ts'
import { refuse } from '../process/command-error.ts'
import { KINDS } from './layout.ts'
import type { FileProblem } from './problem.ts'
import { type Catalogue, type ReadOptions, requireCatalogue } from './read.ts'

const CHECK_TIMEOUT_MS = 120_000

const Fault = z.object({ pointer: z.string(), message: z.string() })

/** The used fields of the hub's answer. A newer hub may add others. */
const Answer = z.object({
  errors: z.array(Fault),
  warnings: z.array(Fault),
  changes: z.array(
    z.object({
      pointer: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      etag: z.string().optional(),
      differences: z.array(
        z.object({ pointer: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }),
      ),
    }),
  ),
})
export type Change = z.infer<typeof Answer>['changes'][number]

export type CatalogueReport = {
  catalogue: Catalogue
  problems: FileProblem[]
  warnings: FileProblem[]
  changes: Change[]
}

/** Splits a pointer into the catalogue: the kind and key of the resource, and the pointer within it. */
export const splitPointer = (pointer: string) => {
  const [name = '', ...path] = pathOf(pointer)
  const kind = KINDS.find((each) => each.name === name)
  const length = kind?.single ? 1 : 2
  return {
    ...{ name, kind, key: kind?.single ? '' : (path[0] ?? '') },
    within: pointer
      .split('/')
      .slice(length + 1)
      .map((part) => `/${part}`)
      .join(''),
  }
}

/** Returns a function that finds the file and place of a problem that the hub reported. */
const locator =
  (root: string, catalogue: Catalogue) =>
  ({ pointer, message }: z.infer<typeof Fault>): FileProblem => {
    const { name, key, within } = splitPointer(pointer)
    const resource = catalogue.get(name)?.get(key)
    return resource?.locate(within, message) ?? { file: join(root, name, key), message }
  }

const bodyOf = (catalogue: Catalogue) =>
  Object.fromEntries(
    [...catalogue].map(([name, resources]) => {
      if (KINDS.find((kind) => kind.name === name)?.single) return [name, resources.get('')?.value]
      const values = Object.create(null) as Record<string, unknown>
      for (const [key, { value }] of resources) values[key] = value
      return [name, values]
    }),
  )

/**
 * Reads a folder and lets the hub check it as a whole. Nothing is written. Files that can be read are checked even if others
 * cannot, so that all problems are found at once.
 */
export const checkCatalogue = async (
  root: string,
  options: ReadOptions,
  { hub, call }: ReturnType<typeof hubClient>,
): Promise<CatalogueReport> => {
  const { catalogue, problems } = await requireCatalogue(root, options)
  const { status, text } = await call({
    ...{ method: 'POST', path: '/v1/catalogue/check', body: bodyOf(catalogue) },
    timeoutMs: CHECK_TIMEOUT_MS,
  })
  const located = locator(root, catalogue)
  if (status === 422) {
    const found = errorsOf(text).map(located)
    return { catalogue, problems: [...problems, ...found], warnings: [], changes: [] }
  }
  if (status !== 200) return refuse(`${hub} answered ${status}: ${describeProblem(text)}`)
  const answer = readAnswer(text, Answer)
  return {
    catalogue,
    problems: [...problems, ...answer.errors.map(located)],
    warnings: answer.warnings.map(located),
    changes: answer.changes,
  }
}
