import { isDeepStrictEqual } from 'node:util'
import { type CatalogueDifference, pointerTo } from '@carillon/schemas'

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Reports whether both are objects, or both are lists. */
const areAlike = (one: unknown, other: unknown): boolean =>
  isContainer(one) && isContainer(other) && Array.isArray(one) === Array.isArray(other)

/** Returns the values of `after` that differ from `before`, both JSON, by the deepest place. */
export const differencesOf = (
  before: unknown,
  after: unknown,
  path: readonly string[] = [],
): CatalogueDifference[] => {
  if (isDeepStrictEqual(before, after)) return []
  if (!areAlike(before, after))
    return [
      {
        pointer: pointerTo(path),
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      },
    ]
  const [old, fresh] = [before as Record<string, unknown>, after as Record<string, unknown>]
  const own = (value: Record<string, unknown>, key: string) =>
    Object.hasOwn(value, key) ? value[key] : undefined
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].flatMap((key) =>
    differencesOf(own(old, key), own(fresh, key), [...path, key]),
  )
}
