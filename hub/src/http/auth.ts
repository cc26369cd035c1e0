import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { ProblemError } from '@carillon/core/errors'
import { isApiKey, type Scope, type Sender, verifyApiKey } from '@carillon/core/security/api-keys'
import { type EndUser, verifyUserToken } from '@carillon/core/security/user-tokens'
import type { HonoRequest } from 'hono'

/** Larger than any token we issue; a tenant may add claims to those it signs itself. */
const TOKEN_MAX = 4_096

const bearer = (request: HonoRequest): string => {
  const [, token] = /^Bearer +([^\s,]+) *$/i.exec(request.header('authorization') ?? '') ?? []
  if (token === undefined || token.length > TOKEN_MAX)
    throw new ProblemError('unauthenticated', 'send credentials as Authorization: Bearer …')
  return token
}

/** A JSON Web Token in compact form (RFC 7515): three parts of base64url. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Says which kind of token it is; whether it is valid plays no part. */
const notAnApiKey = (token: string) =>
  new ProblemError(
    'unauthenticated',
    JWT.test(token)
      ? 'the token is a user token; this resource takes API keys, which start with ck_'
      : 'the token is not an API key: one starts with ck_',
  )

/** The backend behind a request. Throws `unauthenticated`, or `forbidden` naming the scope its key lacks. */
export const authenticateSender = async (
  cache: SettingsCache,
  request: HonoRequest,
  scope: Scope,
): Promise<Sender> => {
  const token = bearer(request)
  if (!isApiKey(token)) throw notAnApiKey(token)
  const sender = await verifyApiKey(cache, token)
  if (!sender.scopes.includes(scope))
    throw new ProblemError('forbidden', `this needs an API key with the scope ${scope}`)
  return sender
}

/** The person behind a request. Throws `unauthenticated` or `token_expired`. */
export const authenticateUser = async (cache: SettingsCache, request: HonoRequest): Promise<EndUser> => {
  const token = bearer(request)
  if (isApiKey(token))
    throw new ProblemError('unauthenticated', 'the token is an API key; this resource takes user tokens')
  return verifyUserToken(cache, token)
}
