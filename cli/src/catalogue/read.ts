import { join } from 'node:path'
import { nearest } from '@carillon/schemas'
import { assemble, type Resource } from './assemble.ts'
import { openFolder } from './files.ts'
import { KINDS, type KindLayout } from './layout.ts'
import type { FileProblem } from './problem.ts'
import { type Part, resourceReader } from './read-resource.ts'

/** The resources of a folder, by kind and key. Only kinds that the folder has are there. */
export type Catalogue = Map<string, Map<string, Resource>>

const advice = (name: string) => {
  const names = KINDS.map((kind) => kind.name)
  const close = nearest(name, names)
  return close === undefined ? `it has ${names.join(', ')}` : `did you mean ${close}?`
}

/**
 * Reads a catalogue from a folder. `problems` has everything that cannot be read, with file, line and column. Throws if the
 * folder cannot be read at all.
 */
export const readCatalogue = async (
  root: string,
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

  const entries = await folder.entries('.')
  for (const { name, path, isFolder } of entries) {
    const kind = KINDS.find((each) => each.name === name)
    if (kind && isFolder) await readKind(kind, path)
    else folder.report(path, `is not part of a catalogue: ${advice(name)}`)
  }
  if (entries.length === 0) folder.report('.', `has no catalogue: there is no folder types in it`)
  return { catalogue, problems }
}
