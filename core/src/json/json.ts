import { type Issue, parse } from '@carillon/schemas'
import type { z } from 'zod'
import { ProblemError } from '../errors.ts'
import { invalidRequest } from './checked.ts'
import { inexactNumbers } from './exact-numbers.ts'

/** The maximum depth of an untrusted document, checked before validation because validators recurse. */
export const JSON_MAX_DEPTH = 64

/** Pointers to deeply nested values are truncated to this many levels. */
const DEEP_PATH = 4

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Maximum number of faults per member, such as an entry of a batch, and in total. */
const FAULTS_MAX = { each: 10, all: 10_000 }

/** Collects the faults of a document, up to a limit. A valid document costs nothing. */
const createFaults = () => {
  const faults: Issue[] = []
  let counts: Map<string, number> | undefined
  return {
    faults,
    add: (path: readonly PropertyKey[], message: string) => {
      counts ??= new Map()
      const member = `${String(path[0])}\n${String(path[1])}`
      const count = (counts.get(member) ?? 0) + 1
      counts.set(member, count)
      if (faults.length >= FAULTS_MAX.all)
        throw invalidRequest([{ path: [], message: 'has too many faults' }], 'document')
      if (count <= FAULTS_MAX.each) faults.push({ path: [...path], message })
    },
  }
}

/** `path` is one array that is pushed and popped, so that a valid document causes no allocations. */
const inspect = (
  value: object,
  path: PropertyKey[],
  depth: number,
  add: (path: PropertyKey[], message: string) => void,
  anyKey: boolean,
): void => {
  if (path.length >= depth) {
    add(path.slice(0, DEEP_PATH), `must not nest deeper than ${JSON_MAX_DEPTH} levels`)
    return
  }
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      if (typeof each !== 'object' || each === null) continue
      path.push(index)
      inspect(each, path, depth, add, anyKey)
      path.pop()
    }
    return
  }
  for (const key of Object.keys(value)) {
    path.push(key)
    if (key === '__proto__' && !anyKey) add(path, 'must not be a key')
    const each = (value as Record<string, unknown>)[key]
    if (typeof each === 'object' && each !== null) inspect(each, path, depth, add, anyKey)
    path.pop()
  }
}

/** Returns where JSON is malformed, without quoting it. */
const placeOf = (cause: unknown): string => {
  const { message } = cause as Error
  const at = / at position (\d+)/.exec(message)?.[1]
  if (at !== undefined) return `; the error is at character ${Number(at) + 1}`
  return /end of JSON/.test(message) ? '; it ends too early' : ''
}

/**
 * Parses JSON (RFC 8259, UTF-8) from outside. Returns as faults what is nested too deeply, numbers that a double
 * cannot represent exactly, and the key `__proto__`, unless `anyKey` is set for a caller that reads own properties only.
 * `within` is the number of outer levels that do not count for the depth.
 * Throws `malformed_json` for anything but JSON.
 */
export const readDocument = (
  bytes: Uint8Array,
  { within = 0, anyKey = false } = {},
): { value: unknown; faults: readonly Issue[] } => {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw new ProblemError('malformed_json', `the document is not JSON in UTF-8${placeOf(cause)}`, { cause })
  }
  const { faults, add } = createFaults()
  if (typeof value === 'object' && value !== null) inspect(value, [], JSON_MAX_DEPTH + within, add, anyKey)
  inexactNumbers(text, (path) =>
    add(path, 'must be a number that a double holds exactly; send it as a string'),
  )
  return { value, faults }
}

/** Parses JSON like `readDocument`, and throws `invalid_request` with a pointer to each fault. */
export const parseJson = (bytes: Uint8Array, options: { anyKey?: boolean } = {}): unknown => {
  const { value, faults } = readDocument(bytes, options)
  if (faults.length > 0) throw invalidRequest(faults, 'document')
  return value
}

/** Parses JSON text with a schema. Returns undefined if it is not JSON or does not match. */
export const readJson = <T>(text: string, schema: z.ZodType<T>): T | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = parse(schema, value)
  return parsed.success ? parsed.data : undefined
}
