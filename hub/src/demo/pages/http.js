import { base } from './dom.js'

/** Sends and receives JSON. Throws the detail of a problem response. `key` is an API key or a user token. */
export const call = async (method, path, { body, key } = {}) => {
  const response = await fetch(new URL(path, base), {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(key && { authorization: `Bearer ${key}` }),
    },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  const answer = text ? JSON.parse(text) : {}
  if (response.ok) return answer
  const [first] = answer.errors ?? []
  throw new Error(
    first
      ? `${first.pointer.slice(1) || 'it'}: ${first.message}`
      : (answer.detail ?? `HTTP ${response.status}`),
  )
}
