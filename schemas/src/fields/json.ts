import { z } from 'zod'

/**
 * Any JSON value, unchecked: whatever is validated here was parsed from JSON. Its JSON Schema is `{}`, which code generators
 * understand, unlike the recursive union of `z.json()`.
 */
export const Json = z.unknown() as unknown as z.ZodType<z.core.util.JSONType, z.core.util.JSONType>

const LONE = 'must not hold half of a surrogate pair'

/** Calls `found` with the path of every key and string that UTF-8 cannot keep. */
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

/** Any JSON object, kept exactly. What cannot be kept exactly is refused at its path. */
export const JsonObject = z.record(z.string().max(128), Json).check((payload) => {
  illFormed(payload.value, [], (path) => {
    payload.issues.push({ code: 'custom', input: undefined, path, message: LONE })
  })
})
