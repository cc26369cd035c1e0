import { CarillonError } from './error.ts'

/**
 * Returns a function that gets tokens from an endpoint of the app. The endpoint returns `{"token": "…"}` for the signed-in
 * user. Rejects with a CarillonError if it does not.
 */
export const tokenFrom = (url: string) => async (): Promise<string> => {
  const response = await fetch(url, { credentials: 'same-origin', headers: { accept: 'application/json' } })
  if (!response.ok)
    throw new CarillonError(
      response.status === 401 ? 'unauthenticated' : 'unavailable',
      `${url}: HTTP ${response.status}`,
      {
        status: response.status,
        temporary: response.status >= 500,
      },
    )
  const body: unknown = await response.json().catch(() => undefined)
  const { token } = (body ?? {}) as { token?: unknown }
  if (typeof token === 'string' && token) return token
  throw new CarillonError('unauthenticated', `${url} must return JSON with a token: {"token": "…"}`)
}
