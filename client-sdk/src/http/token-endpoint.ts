import { withDeadline } from '../timing/deadline.ts'
import { TIMING } from '../timing/delays.ts'
import { CarillonError } from './error.ts'

/**
 * Returns a function that gets tokens from an endpoint of the app. The endpoint returns `{"token": "…"}` for the signed-in
 * user. Rejects with a CarillonError if it does not, or if it does not respond within `timeout` ms. The message includes the
 * `detail` of a JSON response.
 */
export const tokenFrom =
  (url: string, timeout = TIMING.request) =>
  (): Promise<string> =>
    withDeadline(timeout, undefined, async (signal) => {
      const headers = { accept: 'application/json' }
      const response = await fetch(url, { credentials: 'same-origin', headers, signal }).catch((cause) => {
        throw new CarillonError('unavailable', `${url} does not respond`, { temporary: true, cause })
      })
      const { ok, status } = response
      const body: unknown = await response.json().catch(() => undefined)
      const { token, detail } = (body ?? {}) as { token?: unknown; detail?: string }
      if (!ok) {
        // Too many requests, or a server error.
        const temporary = status >= 429
        const code =
          status === 401 || status === 403 ? 'unauthenticated' : temporary ? 'unavailable' : 'token_url'
        throw new CarillonError(code, `${url} answered ${status}${detail ? `: ${detail}` : ''}`, {
          ...{ status, temporary },
        })
      }
      if (typeof token === 'string' && token) return token
      throw new CarillonError('unauthenticated', `${url} must return {"token": "…"}`)
    })
