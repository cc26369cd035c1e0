import { hash } from 'node:crypto'
import { isJsonObject, type Layout, type TemplateEnv, type TemplatePartial } from '@carillon/schemas'
import type { Library, LibraryChange, LibraryPlace } from '../ports/library.ts'

/** One layout, partial or `env` in a tree: `version` is the revision that wrote it, `hash` that of its content. */
type Leaf = LibraryPlace & { version: number; hash: string; size: number }

/** All layouts, partials and the `env` of a revision. */
export type Tree = readonly Leaf[]

export const hashOf = (text: string): string => hash('sha256', text, 'base64url')

const sorted = (value: unknown): unknown => {
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]),
  )
}

/** Returns a value as JSON. Equal values have equal texts, whatever the order of their properties. */
export const contentText = (value: unknown): string => JSON.stringify(sorted(value))

const isAt =
  ({ kind, key }: LibraryPlace) =>
  (leaf: Leaf): boolean =>
    leaf.kind === kind && leaf.key === key

/** Returns the tree after a change, with the content to store; undefined if nothing changes. */
export const changedTree = (
  tree: Tree,
  change: LibraryChange,
  version: number,
): { tree: Tree; content?: { hash: string; text: string } } | undefined => {
  const { kind, key, value } = change
  const known = tree.find(isAt(change))
  const others = tree.filter((leaf) => leaf !== known)
  if (value === undefined) return known && { tree: others }
  const text = contentText(value)
  const content = { hash: hashOf(text), text }
  if (known?.hash === content.hash) return undefined
  return { tree: [...others, { kind, key, version, hash: content.hash, size: text.length }], content }
}

/** Returns the library of a tree. `contents` has the texts by hash. Throws if one is missing. */
export const libraryOf = (revision: number, tree: Tree, contents: ReadonlyMap<string, string>): Library => {
  const read = ({ hash, kind, key }: Leaf) => {
    const text = contents.get(hash)
    if (text === undefined) throw new Error(`the content of the ${kind} ${key} is missing`)
    return JSON.parse(text)
  }
  const of = <Value>(kind: Leaf['kind']) =>
    new Map<string, Value>(
      tree
        .filter((leaf) => leaf.kind === kind)
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        .map((leaf) => [leaf.key, { key: leaf.key, version: leaf.version, ...read(leaf) }]),
    )
  const env = tree.find(isAt({ kind: 'env', key: '' }))
  return {
    revision,
    layouts: of<Layout>('layout'),
    partials: of<TemplatePartial>('partial'),
    env: env ? (read(env) as TemplateEnv) : {},
    envVersion: env?.version ?? 0,
    size: tree.reduce((sum, { size }) => sum + size, 0),
  }
}
