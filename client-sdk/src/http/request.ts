import type { Clock } from '../timing/clock.ts'
import { withDeadline } from '../timing/deadline.ts'
import { asError, errorOf, notCarillon } from './error.ts'
import type { Tokens } from './token.ts'

/** Sends a request with a JSON body, and resolves with the JSON of the response. */
export type Request = <T>(method: string, path: string, body?: unknown) => Promise<T>

/** How requests reach the hub. */
export type RequestParts = {
  /** The prefix of all paths. */
  url: string
  tokens: Tokens
  fetch: typeof globalThis.fetch
  /** Set to the hub's time by each response. */
  clock?: Clock
}

/**
 * Sends requests to the hub's HTTP API with a user token. Rejects with a CarillonError if the hub returns a problem, and
 * with the error of `fetch` if it does not respond. A refused token is renewed once.
 */
export const createRequest = ({
  url,
  tokens,
  fetch,
  clock,
  timeout,
  signal,
}: RequestParts & {
  /** The timeout of one request, in milliseconds. */
  timeout: number
  /** Aborts reads. Writes continue, even after the page is closed, so that no action is lost. */
  signal?: AbortSignal
}) => {
  const once = <T>(token: string, method: string, path: string, body?: unknown): Promise<T> => {
    const writes = method !== 'GET'
    return withDeadline(timeout, writes ? undefined : signal, async (signal) => {
      const response = await fetch(url + path, {
        method,
        keepalive: writes,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body ? JSON.stringify(body) : null,
        signal,
      })
      clock?.observe(response.headers.get('date'))
      if (!response.ok) throw await errorOf(response, !writes)
      const text = await response.text()
      try {
        return (text ? JSON.parse(text) : undefined) as T
      } catch {
        throw notCarillon(response)
      }
    })
  }

  const request: Request = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const token = await tokens.get()
    try {
      return await once<T>(token, method, path, body)
    } catch (error) {
      if (tokens.fixed || asError(error).status !== 401) throw error
      return once<T>(await tokens.get(token), method, path, body)
    }
  }
  return request
}
