import { type Client, createClient } from '../client/client.ts'
import { CarillonError } from '../http/error.ts'
import type { TokenSource } from '../http/token.ts'

/** Gets tokens from an endpoint of the app, which returns `{"token": "…"}` for the signed-in user. */
const tokenFrom = (url: string) => async (): Promise<string> => {
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

/** Creates the client of a bell from its attributes; nothing if one is missing. */
export const openClient = ({
  url,
  token,
  tokenUrl,
}: {
  url: string | undefined
  token: TokenSource | undefined
  tokenUrl: string | undefined
}): Client | undefined => {
  const source = token || (tokenUrl ? tokenFrom(tokenUrl) : undefined)
  return url && source ? createClient({ url, token: source }) : undefined
}
