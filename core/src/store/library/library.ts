import type { Libraries, LibraryPlace } from '../ports/library.ts'
import { changedTree, contentText, hashOf, libraryOf, type Tree } from './tree.ts'

/** A revision: the hash of its tree, what it changed, and when. */
export type RevisionRow = LibraryPlace & {
  revision: number
  tree: string
  deleted: boolean
  at: number
  by: string | undefined
}

/** The rows that each database stores. Contents and trees are texts by hash, so they never change and writes are repeatable. */
export interface LibraryRows {
  newest(tenant: string): Promise<RevisionRow | undefined>
  revision(tenant: string, revision: number): Promise<RevisionRow | undefined>
  /** Stores a revision unless its number is taken. Resolves with whether it was stored. */
  claim(tenant: string, row: RevisionRow): Promise<boolean>
  /** Returns the revisions of one place before the given one, newest first. */
  of(tenant: string, place: LibraryPlace, before: number, limit: number): Promise<RevisionRow[]>
  texts(tenant: string, hashes: readonly string[]): Promise<Map<string, string>>
  keep(tenant: string, hash: string, text: string): Promise<void>
}

const REVISION_MAX = 2 ** 31 - 1

/** The library of a tenant, the same over both databases: revision → tree → contents. */
export const createLibraries = (rows: LibraryRows): Libraries => {
  const treeOf = async (tenant: string, row: RevisionRow | undefined): Promise<Tree> => {
    if (!row) return []
    const text = (await rows.texts(tenant, [row.tree])).get(row.tree)
    if (text === undefined) throw new Error(`the tree of revision ${row.revision} is missing`)
    return JSON.parse(text)
  }

  return {
    newest: async (tenant) => (await rows.newest(tenant))?.revision ?? 0,

    at: async (tenant, revision) => {
      if (revision === 0) return libraryOf(0, [], new Map())
      const row = await rows.revision(tenant, revision)
      if (!row) return undefined
      const tree = await treeOf(tenant, row)
      const hashes = [...new Set(tree.map(({ hash }) => hash))]
      return libraryOf(revision, tree, await rows.texts(tenant, hashes))
    },

    put: async (tenant, base, change, by) => {
      const newest = await rows.newest(tenant)
      if ((newest?.revision ?? 0) !== base) return undefined
      const revision = base + 1
      const changed = changedTree(await treeOf(tenant, newest), change, revision)
      if (!changed) return base
      const { content } = changed
      if (content) await rows.keep(tenant, content.hash, content.text)
      const text = contentText(changed.tree)
      const tree = hashOf(text)
      await rows.keep(tenant, tree, text)
      const { kind, key, value } = change
      const row = { revision, tree, kind, key, deleted: value === undefined, at: Date.now(), by }
      return (await rows.claim(tenant, row)) ? revision : undefined
    },

    versions: async (tenant, place, { before = REVISION_MAX, limit }) =>
      (await rows.of(tenant, place, before, limit)).map(({ revision, deleted, at, by }) => ({
        version: revision,
        publishedAt: at,
        ...(by === undefined ? {} : { publishedBy: by }),
        ...(deleted ? { deleted: true as const } : {}),
      })),
  }
}
