import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileProblem, Position } from './problem.ts'

/** One entry of a folder. */
export type Entry = { name: string; path: string; isFolder: boolean }

const FILE_MAX_BYTES = 1_024 * 1_024
const ENTRIES_MAX = 10_000

/** Files that are never part of a catalogue: those of editors, packages and tests, and documentation. */
const IGNORED =
  /^\.|~$|\.md$|\.d\.ts$|\.test\.ts$|^(node_modules|package\.json|package-lock\.json|tsconfig\.json)$/

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads the files below a folder, within limits. Files that cannot be read are added to `problems`. */
export const openFolder = (root: string, problems: FileProblem[]) => {
  let left = ENTRIES_MAX
  const report = (path: string, message: string, place: Partial<Position> = {}): undefined => {
    problems.push({ file: join(root, path), message, ...place })
  }
  return {
    report,
    /** Returns the entries of a folder by name. */
    entries: async (path: string): Promise<Entry[]> => {
      const names = (await readdir(join(root, path))).filter((name) => !IGNORED.test(name)).sort()
      left -= names.length
      if (left < 0) throw new Error(`${root} has more than ${ENTRIES_MAX} files`)
      return Promise.all(
        names.map(async (name) => {
          const below = join(path, name)
          return { name, path: below, isFolder: (await stat(join(root, below))).isDirectory() }
        }),
      )
    },
    /** Returns the text of a file; undefined if it is unreadable, which is reported. */
    text: async (path: string): Promise<string | undefined> => {
      const { size } = await stat(join(root, path))
      if (size > FILE_MAX_BYTES) return report(path, `is larger than ${FILE_MAX_BYTES} bytes`)
      const bytes = await readFile(join(root, path))
      try {
        return utf8.decode(bytes)
      } catch {
        return report(path, 'is not UTF-8')
      }
    },
  }
}

export type Folder = ReturnType<typeof openFolder>
