import { createRequest, type Request } from '../http/request.ts'
import { createTokens, type TokenSource } from '../http/token.ts'
import { TIMING } from '../timing/timing.ts'

/** Creates the requests of web push, which are loaded when push is switched. `url` ends with a slash. */
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
