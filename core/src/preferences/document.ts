import { isJsonObject, type Preferences, type PreferenceValue } from '@carillon/schemas'
import { escapeKey, pathOf } from '../json/pointer.ts'

/** One choice with its path, a JSON Pointer. */
export type Cell = readonly [path: string, value: PreferenceValue]

/** Returns the JSON Pointer (RFC 6901) to a place. */
export const pointerOf = (keys: readonly string[]): string => keys.map((key) => `/${escapeKey(key)}`).join('')

type Tree = { [key: string]: Tree | PreferenceValue }
const tree = (): Tree => Object.create(null) as Tree

/** Returns a preferences document with some choices. Its objects have no prototype, so every name is an ordinary key. */
export const documentOf = (cells: Iterable<Cell>): Preferences => {
  const root = tree()
  for (const [path, value] of cells) {
    const keys = pathOf(path)
    const last = keys.pop() ?? ''
    let place = root
    for (const key of keys) {
      place[key] ??= tree()
      place = place[key] as Tree
    }
    place[last] = value
  }
  return root as Preferences
}

const below = (value: unknown, keys: readonly string[]): Cell[] =>
  isJsonObject(value)
    ? Object.entries(value).flatMap(([key, each]) => below(each, [...keys, key]))
    : [[pointerOf(keys), value as PreferenceValue]]

/** Returns the choices of preferences, each with its path. Arrays are values, not places. */
export const cellsOf = (document: Preferences): Cell[] => below(document, [])

/** Reports whether a path is another one, or lies below it. */
export const isWithin = (path: string, other: string): boolean =>
  path === other || path.startsWith(`${other}/`)

/** Returns the range of the paths below one: `from` inclusive, `to` exclusive, in the order of their bytes. */
export const rangeBelow = (path: string): { from: string; to: string } => ({
  from: `${path}/`,
  to: `${path}0`,
})
