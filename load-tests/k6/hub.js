/** The hubs under test, as the environment names them, and requests to them. */
import exec from 'k6/execution'
import http from 'k6/http'

/** Returns a positive number of the environment. */
export const number = (name, preset) => {
  const value = Number(__ENV[name] || preset)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a positive number`)
  return value
}

const HUBS = (__ENV.HUB_URL || 'http://127.0.0.1:4000').split(',')

/** Returns the URL of a hub; consecutive numbers take turns. */
export const hub = (n) => HUBS[n % HUBS.length]

const json = { 'content-type': 'application/json' }
const bearer = (token) => ({ authorization: `Bearer ${token}` })

/**
 * Returns a request for `http.batch`, `http.request` or `http.asyncRequest`, with a user token or the API key. `name` is its kind
 * in the results.
 */
export const request = (method, url, body, { token = __ENV.API_KEY, headers = {}, name = method } = {}) => ({
  method,
  url,
  body: body === undefined ? null : JSON.stringify(body),
  params: {
    headers: { ...bearer(token), ...json, ...headers },
    tags: { name },
  },
})

/** Sends a request and returns its response. */
export const call = (...parts) => {
  const { method, url, body, params } = request(...parts)
  return http.request(method, url, body, params)
}

/** Ends the test unless the response has this status. For use in `setup`. */
export const required = (answer, status) => {
  if (answer.status !== status)
    exec.test.abort(`${answer.request.method} ${answer.url}: ${answer.status} ${answer.body}`)
  return answer
}

/** Creates a type and returns the prefix of new users and ids. For use in `setup`. */
export const prepare = (type, settings = {}) => {
  if (!__ENV.API_KEY) exec.test.abort('API_KEY is missing')
  required(call('PUT', `${hub(0)}/v1/types/${type}`, settings), 200)
  return `k6-${Date.now().toString(36)}`
}

/** Returns a token for each user; undefined for those that the hub refuses. */
export const tokensOf = (users) => {
  const requests = users.map((user, n) =>
    request('POST', `${hub(n)}/v1/users/${user}/token`, undefined, { name: 'token' }),
  )
  return http.batch(requests).map(({ status, body }) => {
    if (status === 200) return JSON.parse(body).token
    console.error(`no token for a user: ${status} ${body}`)
    return undefined
  })
}
