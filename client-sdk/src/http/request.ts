import { asError, errorOf } from './error.ts'
import type { Tokens } from './token.ts'

/**
 * Requests to the hub's HTTP API as a user. Rejects with the hub's problem as CarillonError, or with whatever was in the
 * way of an answer; a refused token is renewed once.
 */
export const createCall = ({
  url,
  tokens,
  fetch,
  timeout,
  signal,
}: {
  /** What paths are added to. */
  url: string
  tokens: Tokens
  fetch: typeof globalThis.fetch
  /** Time limit of one request, in milliseconds. */
  timeout: number
  /** Ends what reads. What writes goes on, also when its page is closed: the hub has to hear of it. */
  signal: AbortSignal
}) => {
  const once = async <T>(token: string, method: string, path: string, body?: unknown): Promise<T> => {
    const writes = method !== 'GET'
    const limit = AbortSignal.timeout(timeout)
    const response = await fetch(url + path, {
      method,
      keepalive: writes,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
      signal: writes ? limit : AbortSignal.any([signal, limit]),
    })
    if (!response.ok) throw await errorOf(response)
    return response.status === 204 ? (undefined as T) : await response.json()
  }

  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const token = await tokens.get()
    try {
      return await once<T>(token, method, path, body)
    } catch (error) {
      if (tokens.fixed || asError(error).status !== 401) throw error
      return once<T>(await tokens.get(token), method, path, body)
    }
  }
}
