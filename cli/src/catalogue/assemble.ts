import { pathOf } from '@carillon/core/json/pointer'
import { isJsonObject } from '@carillon/schemas'
import type { FileProblem } from './problem.ts'
import type { Part } from './read-resource.ts'

type JsonObject = Record<string, unknown>

/** Returns an object without a prototype, because users choose its keys. */
const emptyObject = (): JsonObject => Object.create(null)

const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isJsonObject(value)) return value
  const copy = emptyObject()
  for (const [key, each] of Object.entries(value)) copy[key] = copyOf(each)
  return copy
}

/** Adds a value to a resource. Returns the paths that were set already. */
const merge = (into: JsonObject, [key = '', ...rest]: readonly string[], value: unknown): string[] => {
  if (rest.length > 0) {
    into[key] ??= emptyObject()
    const inner = into[key]
    if (!isJsonObject(inner)) return [key]
    return merge(inner, rest, value).map((path) => `${key}.${path}`)
  }
  if (into[key] === undefined) {
    into[key] = copyOf(value)
    return []
  }
  const inner = into[key]
  if (!isJsonObject(inner) || !isJsonObject(value)) return [key]
  return Object.entries(value).flatMap(([name, each]) =>
    merge(inner, [name], each).map((path) => `${key}.${path}`),
  )
}

/** A resource that was assembled from files. */
export type Resource = {
  value: JsonObject
  /** Returns the file and place of a problem. `pointer`: the place in the resource. */
  locate(pointer: string, message: string): FileProblem
}

const AT_LINE = /^line (\d+)(?:, column (\d+))?: /

const isPrefix = (prefix: readonly string[], path: readonly string[]) =>
  prefix.every((key, index) => path[index] === key)

/** Reports whether a part has the first key of a path that lies within it. */
const has = ({ path, source: { value } }: Part, place: readonly string[]): boolean => {
  const [key] = place.slice(path.length)
  return key === undefined || !isJsonObject(value) || Object.hasOwn(value, key)
}

/**
 * Assembles a resource from its parts. A value that two parts set is added to `problems`. If the parts are layers, the later
 * part wins instead.
 */
export const assemble = (
  parts: readonly Part[],
  problems: FileProblem[],
  { layered = false }: { layered?: boolean } = {},
): Resource => {
  const value = emptyObject()
  const ordered = [...parts].sort((one, other) => one.path.length - other.path.length)
  for (const { file, path, source } of ordered) {
    if (path.length === 0 && !isJsonObject(source.value)) {
      problems.push({ file, line: 1, column: 1, message: 'must be a mapping of keys to values' })
      continue
    }
    if (layered) for (const key of Object.keys(source.value as JsonObject)) delete value[key]
    const twice =
      path.length === 0
        ? Object.entries(source.value as JsonObject).flatMap(([key, each]) => merge(value, [key], each))
        : merge(value, path, source.value)
    for (const name of twice) problems.push({ file, message: `${name} is set in another file too` })
  }
  return {
    value,
    locate: (pointer, message) => {
      const path = pathOf(pointer)
      const owners = ordered.filter((part) => isPrefix(part.path, path))
      const owner = owners.findLast((part) => has(part, path)) ?? owners.at(-1) ?? ordered[0]
      const [, line, column] = AT_LINE.exec(message) ?? []
      const within = line === undefined ? undefined : { line: Number(line), column: Number(column ?? 1) }
      const place = owner?.source.locate(path.slice(owner.path.length), within)
      return { file: owner?.file ?? pointer, ...place, pointer, message: message.replace(AT_LINE, '') }
    },
  }
}
