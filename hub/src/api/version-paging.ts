import type { VersionEntry } from '@carillon/core/store/ports/types'
import type { Cursors } from '../http/cursor.ts'

/** Returns a page of versions, newest first. `list` names the list for its cursors. Throws `cursor_invalid`. */
export const versionPage = async (
  list: string[],
  { limit, before }: { limit: number; before?: string | undefined },
  cursors: Cursors,
  read: (range: { before?: number; limit: number }) => Promise<VersionEntry[]>,
) => {
  const from = before === undefined ? {} : { before: Number(cursors.read(list, before)) }
  const found = await read({ ...from, limit: limit + 1 })
  const versions = found.slice(0, limit)
  const last = found.length > limit ? versions.at(-1) : undefined
  return {
    versions: versions.map((entry) => ({
      ...entry,
      publishedAt: new Date(entry.publishedAt).toISOString(),
    })),
    next: last ? cursors.make(list, String(last.version)) : null,
  }
}
