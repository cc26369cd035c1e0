import { join } from 'node:path'
import { runModule } from './code.ts'
import { parseDocumentFile, type Source, textSource } from './document.ts'
import type { Entry, Folder } from './files.ts'
import type { KindLayout, TextExtension, ValuePath } from './layout.ts'

/** A file of a resource, and the path of its value in the resource. */
export type Part = { file: string; path: ValuePath; source: Source }

const NAME = /^(.+?)\.(ya?ml|json|ts|html|txt)$/

/** Returns the stem and the extension of a file name. */
const splitName = (name: string) => {
  const [, stem, extension] = NAME.exec(name) ?? []
  return stem === undefined || extension === undefined ? undefined : { stem, extension }
}

/** Returns the name of a file without its extension. */
export const stemOf = (name: string): string => splitName(name)?.stem ?? name

const isText = (extension: string): extension is TextExtension => extension === 'html' || extension === 'txt'

/** Reads the files of resources of one kind. */
export const resourceReader = (root: string, folder: Folder, kind: KindLayout) => {
  const codeSource = async (path: string): Promise<Source | undefined> => {
    try {
      const value = (await runModule(join(root, path))) ?? undefined
      if (value === undefined) return folder.report(path, 'has no default export')
      return { value: JSON.parse(JSON.stringify(value)), locate: () => ({ line: 1, column: 1 }) }
    } catch (error) {
      return folder.report(path, error instanceof Error ? error.message : String(error))
    }
  }

  const sourceOf = async (path: string, extension: string): Promise<Source | undefined> => {
    if (extension === 'ts') return codeSource(path)
    const text = await folder.text(path)
    if (text === undefined) return undefined
    if (isText(extension)) return textSource(text)
    const parsed = parseDocumentFile(text)
    if (!('faults' in parsed)) return parsed
    for (const { message, ...place } of parsed.faults) folder.report(path, message, place)
    return undefined
  }

  const part = async (entry: Entry, path: ValuePath): Promise<Part[]> => {
    const source = await sourceOf(entry.path, splitName(entry.name)?.extension ?? '')
    return source ? [{ file: join(root, entry.path), path, source }] : []
  }

  const unknown = ({ path }: Entry, advice: string): Part[] => {
    folder.report(path, `is not part of a catalogue: ${advice}`)
    return []
  }

  /** Reads a folder of files that belong to the value at `path`. */
  const within = async (path: string, place: ValuePath): Promise<Part[]> => {
    const entries = await folder.entries(path)
    const found = await Promise.all(
      entries.map(async (entry): Promise<Part[]> => {
        const isRoot = place.length === 0
        if (entry.isFolder)
          return isRoot && entry.name === 'locales'
            ? localesIn(entry.path)
            : unknown(entry, 'the only folder here is locales')
        const name = splitName(entry.name)
        if (!name) return unknown(entry, 'its name has to end with .yaml, .json, .html or .txt')
        if (isText(name.extension)) {
          const at = kind.text(name.stem.split('.'), name.extension)
          return at ? part(entry, [...place, ...at]) : unknown(entry, 'no text has this name')
        }
        if (isRoot && name.stem === kind.main) return part(entry, [])
        return part(entry, [...place, name.stem])
      }),
    )
    return found.flat()
  }

  const localesIn = async (path: string): Promise<Part[]> => {
    const found = await Promise.all(
      (await folder.entries(path)).map(async (entry) => {
        if (entry.isFolder) return within(entry.path, ['locales', entry.name])
        const name = splitName(entry.name)
        return name && !isText(name.extension)
          ? part(entry, ['locales', name.stem])
          : unknown(entry, 'a locale is a file such as pt.yaml, or a folder')
      }),
    )
    return found.flat()
  }

  /** Returns the key and the parts of the resource in an entry; undefined if the entry was reported. */
  return async (entry: Entry): Promise<{ key: string; parts: Part[] } | undefined> => {
    if (entry.isFolder) return { key: entry.name, parts: await within(entry.path, []) }
    const name = splitName(entry.name)
    if (!name) return void unknown(entry, 'its name has to end with .yaml or .json')
    if (!isText(name.extension)) return { key: name.stem, parts: await part(entry, []) }
    const at = kind.text([], name.extension)
    if (!at) return void unknown(entry, 'texts belong in the folder of their resource')
    return { key: name.stem, parts: await part(entry, at) }
  }
}
