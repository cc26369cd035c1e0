import { z } from 'zod'

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

/** Any JSON object, kept exactly: what cannot be is refused at its path. */
export const JsonObject = z.record(z.string().max(128), z.json()).check((payload) => {
  illFormed(payload.value, [], (path) => {
    payload.issues.push({ code: 'custom', input: undefined, path, message: LONE })
  })
})
