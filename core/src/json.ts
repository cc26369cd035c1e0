import { parse, problemDetails } from '@carillon/schemas'
import type { z } from 'zod'
import { ProblemError } from './errors.ts'

/** How deep a document from outside may nest. Validators recurse, so depth is bounded before they run. */
export const JSON_MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

const refuse = (path: readonly PropertyKey[], message: string) =>
  new ProblemError('invalid_request', `the document cannot be used: ${message}`, {
    errors: problemDetails([{ path, message }]),
  })

/** `path` is where `value` stands; one array, pushed and popped, so that a good document costs no allocation. */
const inspect = (value: object, path: PropertyKey[]): void => {
  if (path.length >= JSON_MAX_DEPTH) throw refuse([], `it nests deeper than ${JSON_MAX_DEPTH} levels`)
  for (const key of Object.keys(value)) {
    path.push(key)
    if (key === '__proto__') throw refuse(path, 'a key is named __proto__')
    const each = (value as Record<string, unknown>)[key]
    if (typeof each === 'object' && each !== null) inspect(each, path)
    path.pop()
  }
}

/**
 * Reads JSON (RFC 8259, UTF-8) that somebody else wrote. Throws `malformed_json` for what is not JSON, and
 * `invalid_request` for what nests too deep or carries a key that objects take for their prototype: such a key
 * would be dropped on the way, and nothing may vanish.
 */
export const parseJson = (bytes: Uint8Array): unknown => {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw new ProblemError('malformed_json', 'the bytes are not JSON in UTF-8', { cause })
  }
  if (typeof value === 'object' && value !== null) inspect(value, [])
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
