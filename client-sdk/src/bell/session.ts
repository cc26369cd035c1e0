import { type Client, createClient } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import { tokenFrom } from '../http/token-endpoint.ts'

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
