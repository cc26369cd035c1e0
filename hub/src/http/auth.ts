import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { isApiKey, type Scope, type Sender, verifyApiKey } from '@carillon/core/security/api-keys'
import { type EndUser, verifyUserToken } from '@carillon/core/security/user-tokens'
import type { HonoRequest } from 'hono'

/** Longer than any token issued by Carillon, because a tenant may add claims to tokens that it signs itself. */
const TOKEN_MAX = 4_096

const bearer = (request: HonoRequest): string => {
  const [, token] = /^Bearer +([^\s,]+) *$/i.exec(request.header('authorization') ?? '') ?? []
  if (token === undefined || token.length > TOKEN_MAX)
    throw new ProblemError('unauthenticated', 'send the credentials as Authorization: Bearer …')
  return token
}

/** A JSON Web Token in compact form (RFC 7515): three parts of base64url. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Names the kind of a token, whether it is valid or not. */
const notAnApiKey = (token: string) =>
  new ProblemError(
    'unauthenticated',
    JWT.test(token)
      ? 'the token is a user token; this operation takes API keys, which start with ck_'
      : 'the token is not an API key: one starts with ck_',
  )

/** Returns the backend that sent a request. Throws `unauthenticated`, or `forbidden` naming the missing scope. */
export const authenticateSender = async (
  cache: SettingsCache,
  request: HonoRequest,
  scope: Scope,
): Promise<Sender> => {
  const token = bearer(request)
  if (!isApiKey(token)) throw notAnApiKey(token)
  const sender = await verifyApiKey(cache, token)
  if (!sender.scopes.includes(scope))
    throw new ProblemError('forbidden', `the API key needs the scope ${scope}`)
  return sender
}

/** Returns the user who sent a request. Throws `unauthenticated` or `token_expired`. */
export const authenticateUser = async (cache: SettingsCache, request: HonoRequest): Promise<EndUser> => {
  const token = bearer(request)
  if (isApiKey(token))
    throw new ProblemError('unauthenticated', 'the token is an API key; this operation takes user tokens')
  return verifyUserToken(cache, token)
}
