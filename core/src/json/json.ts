import { type Issue, parse } from '@carillon/schemas'
import type { z } from 'zod'
import { ProblemError } from '../errors.ts'
import { invalidRequest } from './checked.ts'
import { inexactNumbers } from './exact-numbers.ts'

/** How deep a document from outside may nest. Validators recurse, so depth is bounded before they run. */
export const JSON_MAX_DEPTH = 64

/** A pointer to something deep names its place, not every level. */
const DEEP_PATH = 4

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Faults that are collected of each member of a member, such as an entry of a batch, and of all together. */
const FAULTS_MAX = { each: 10, all: 10_000 }

/** Collects what is wrong with a document, and bounds what that costs. A good one costs nothing. */
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
        throw invalidRequest([{ path: [], message: 'holds too much that cannot be kept' }], 'document')
      if (count <= FAULTS_MAX.each) faults.push({ path: [...path], message })
    },
  }
}

/** `path` is where `value` stands; one array, pushed and popped, so that a good document costs no allocation. */
const inspect = (
  value: object,
  path: PropertyKey[],
  depth: number,
  add: (path: PropertyKey[], message: string) => void,
): void => {
  if (path.length >= depth) {
    add(path.slice(0, DEEP_PATH), `must not nest deeper than ${JSON_MAX_DEPTH} levels`)
    return
  }
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      if (typeof each !== 'object' || each === null) continue
      path.push(index)
      inspect(each, path, depth, add)
      path.pop()
    }
    return
  }
  for (const key of Object.keys(value)) {
    path.push(key)
    if (key === '__proto__') add(path, 'must not be a key')
    const each = (value as Record<string, unknown>)[key]
    if (typeof each === 'object' && each !== null) inspect(each, path, depth, add)
    path.pop()
  }
}

/** Where JSON breaks off, without what stands there. */
const placeOf = (cause: unknown): string => {
  const { message } = cause as Error
  const at = / at position (\d+)/.exec(message)?.[1]
  if (at !== undefined) return `; the fault is at character ${Number(at) + 1}`
  return /end of JSON/.test(message) ? '; they end too early' : ''
}

/**
 * Reads JSON (RFC 8259, UTF-8) that somebody else wrote. What JavaScript would not keep exactly comes back as faults: a
 * number that a double does not read back as the same decimal number, a key that objects take for their prototype, and
 * what nests too deep. `within`: how many levels of the document are only around what is bounded. Throws `malformed_json`
 * for what is not JSON.
 */
export const readDocument = (
  bytes: Uint8Array,
  { within = 0 } = {},
): { value: unknown; faults: readonly Issue[] } => {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw new ProblemError('malformed_json', `the bytes are not JSON in UTF-8${placeOf(cause)}`, { cause })
  }
  const { faults, add } = createFaults()
  if (typeof value === 'object' && value !== null) inspect(value, [], JSON_MAX_DEPTH + within, add)
  inexactNumbers(text, (path) =>
    add(path, 'must be a number that a double holds exactly; send it as a string'),
  )
  return { value, faults }
}

/** The same, with every fault thrown as `invalid_request`, with its pointer. */
export const parseJson = (bytes: Uint8Array): unknown => {
  const { value, faults } = readDocument(bytes)
  if (faults.length > 0) throw invalidRequest(faults, 'document')
  return value
}

/** Returns JSON text as its schema reads it; undefined for text that is not JSON or does not fit. */
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
