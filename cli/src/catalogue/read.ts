import { join } from 'node:path'
import { nearest } from '@carillon/schemas'
import { refuse } from '../process/command-error.ts'
import { assemble, type Resource } from './assemble.ts'
import { type Entry, openFolder } from './files.ts'
import { KINDS, type KindLayout } from './layout.ts'
import type { FileProblem } from './problem.ts'
import { type Part, resourceReader, stemOf } from './read-resource.ts'

/** The resources of a folder by kind and key. The key is '' for a kind without keys. Kinds that the folder lacks are absent. */
export type Catalogue = Map<string, Map<string, Resource>>

const advice = (name: string) => {
  const names = KINDS.map((kind) => (kind.single ? `${kind.name}.yaml` : kind.name))
  const close = nearest(name, names)
  return close === undefined ? `it has ${names.join(', ')}` : `did you mean ${close}?`
}

/** `env`: the environment whose variables are read, `production` for `env/production.yaml`. */
export type ReadOptions = { env?: string | undefined }

/**
 * Reads a catalogue from a folder. `problems` has everything that cannot be read, with file, line and column. Throws if the
 * folder cannot be read at all.
 */
export const readCatalogue = async (
  root: string,
  { env }: ReadOptions = {},
): Promise<{ catalogue: Catalogue; problems: FileProblem[] }> => {
  const problems: FileProblem[] = []
  const folder = openFolder(root, problems)
  const catalogue: Catalogue = new Map()

  const readKind = async (kind: KindLayout, path: string) => {
    const read = resourceReader(root, folder, kind)
    const parts = new Map<string, Part[]>()
    for (const entry of await folder.entries(path)) {
      const found = await read(entry)
      if (found) parts.set(found.key, [...(parts.get(found.key) ?? []), ...found.parts])
    }
    const resources = new Map<string, Resource>()
    for (const [key, files] of parts)
      if (files.length > 0) resources.set(key, assemble(files, problems))
      else if (!problems.some(({ file }) => file.startsWith(join(root, path, key))))
        folder.report(join(path, key), 'is empty')
    catalogue.set(kind.name, resources)
  }

  const singles = new Map<KindLayout, Part[]>()
  /** Parts of other environments are read too, so that their problems are found. */
  const readSingle = async (kind: KindLayout, entry: Entry, { chosen = true, isBase = false }) => {
    const found = await resourceReader(root, folder, kind)(entry)
    const before = singles.get(kind) ?? []
    // The values of an environment are the last layer, which wins.
    if (found && chosen) singles.set(kind, isBase ? [...found.parts, ...before] : [...before, ...found.parts])
  }
  const readChosen = async (kind: KindLayout, path: string) => {
    const choices = await folder.entries(path)
    for (const entry of choices) await readSingle(kind, entry, { chosen: stemOf(entry.name) === env })
    if (env !== undefined && !choices.some(({ name }) => stemOf(name) === env))
      folder.report(path, `has no file for the environment ${env}`)
  }

  const entries = await folder.entries('.')
  for (const entry of entries) {
    const { name, path, isFolder } = entry
    const kind = KINDS.find((each) => each.name === (each.single && !isFolder ? stemOf(name) : name))
    if (kind?.single && !isFolder) await readSingle(kind, entry, { isBase: true })
    else if (kind?.single === 'chosen') await readChosen(kind, path)
    else if (kind && !kind.single && isFolder) await readKind(kind, path)
    else folder.report(path, `is not part of a catalogue: ${advice(name)}`)
  }
  for (const [{ name }, parts] of singles)
    catalogue.set(name, new Map([['', assemble(parts, problems, { layered: true })]]))
  if (env !== undefined && !entries.some(({ name }) => name === 'env'))
    folder.report('.', `has no file env/${env}.yaml`)
  if (entries.length === 0) folder.report('.', 'is not a catalogue: it has no files')
  return { catalogue, problems }
}

/** Reads a catalogue as `readCatalogue` does. Ends the process if the folder cannot be read at all. */
export const requireCatalogue = (root: string, options?: ReadOptions) =>
  readCatalogue(root, options).catch((error: Error) => refuse(`${root} cannot be read: ${error.message}`))
