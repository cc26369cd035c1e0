import { z } from 'zod'

/**
 * Any JSON value. It is not validated, because all input was parsed from JSON. Its JSON Schema is `{}`, which
 * code generators support, unlike the recursive union of `z.json()`.
 */
export const Json = z.unknown() as unknown as z.ZodType<z.core.util.JSONType, z.core.util.JSONType>

/** Reports whether a JSON value is an object: neither null nor a list. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const LONE_SURROGATE = 'must not contain half of a surrogate pair'

/** Calls `found` with the path of every key and string that UTF-8 cannot encode. */
const illFormed = (value: unknown, path: PropertyKey[], found: (path: PropertyKey[]) => void): void => {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) found([...path])
    return
  }
  if (typeof value !== 'object' || value === null) return
  const list = Array.isArray(value)
  for (const key of Object.keys(value)) {
    path.push(list ? Number(key) : key)
    if (!list && !key.isWellFormed()) found([...path])
    illFormed((value as Record<string, unknown>)[key], path, found)
    path.pop()
  }
}

/** Any JSON object. Text that cannot be stored exactly is rejected at its path. */
export const JsonObject = z.record(z.string().max(128), Json).check((payload) => {
  illFormed(payload.value, [], (path) => {
    payload.issues.push({ code: 'custom', input: undefined, path, message: LONE_SURROGATE })
  })
})
