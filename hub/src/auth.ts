import { ProblemError } from '@carillon/core/errors'
import { isApiKey, type Scope, type Sender, verifyApiKey } from '@carillon/core/security/api-keys'
import type { Directory } from '@carillon/core/security/directory'
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

/** The backend behind a request. Throws `unauthenticated`, or `forbidden` naming the scope its key lacks. */
export const authenticateSender = async (
  directory: Directory,
  request: HonoRequest,
  scope: Scope,
): Promise<Sender> => {
  const token = bearer(request)
  if (!isApiKey(token)) throw new ProblemError('unauthenticated', 'this resource is for API keys')
  const sender = await verifyApiKey(directory, token)
  if (!sender.scopes.includes(scope))
    throw new ProblemError('forbidden', `this needs an API key with the scope ${scope}`)
  return sender
}

/** The person behind a request. Throws `unauthenticated` or `token_expired`. */
export const authenticateUser = async (directory: Directory, request: HonoRequest): Promise<EndUser> => {
  const token = bearer(request)
  if (isApiKey(token)) throw new ProblemError('unauthenticated', 'this resource is for user tokens')
  return verifyUserToken(directory, token)
}
