import { createRequest, type Request } from '../http/request.ts'
import { createTokens, type TokenSource } from '../http/token.ts'
import { TIMING } from '../timing/delays.ts'

/** Creates the request function of web push. Its code is loaded when push is turned on or off. `url` ends with a slash. */
export const createPushRequests = (
  url: string,
  token: TokenSource,
  fetched: typeof fetch | undefined,
): Request =>
  createRequest({
    url: `${url}v1/`,
    tokens: createTokens(token),
    fetch: (...request) => (fetched ?? globalThis.fetch)(...request),
    timeout: TIMING.request,
  })
