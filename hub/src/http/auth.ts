import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { isApiKey, type Scope, type Sender, verifyApiKey } from '@carillon/core/security/api-keys'
import { CredentialsError } from '@carillon/core/security/credentials-error'
import { verifyLink } from '@carillon/core/security/link-tokens'
import type { Seal } from '@carillon/core/security/seal'
import { type EndUser, requireNotErased, verifyUserToken } from '@carillon/core/security/user-tokens'
import { ContextKey, parse } from '@carillon/schemas'
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

/** Returns the user of a token. Throws `unauthenticated` or `token_expired`. */
export const authenticateToken = async (cache: SettingsCache, token: string): Promise<EndUser> => {
  if (isApiKey(token))
    throw new ProblemError('unauthenticated', 'the token is an API key; this operation takes user tokens')
  return verifyUserToken(cache, token)
}

/** Returns the user who sent a request. Throws `unauthenticated` or `token_expired`. */
export const authenticateUser = async (cache: SettingsCache, request: HonoRequest): Promise<EndUser> =>
  authenticateToken(cache, bearer(request))

/** The owner of the preferences that a link opens. `user` is absent in a sample. `issuedAt`: epoch ms. */
export type LinkedOwner = {
  tenant: string
  user?: string | undefined
  context?: string | undefined
  issuedAt: number
}

const LINK_FAULTS = {
  expired: {
    about: { code: 'token_expired', detail: 'the link has expired; open a newer one' },
    reason: { reason: 'link_expired', explanation: 'the link has expired' },
  },
  invalid: {
    about: { code: 'unauthenticated', detail: 'the link is not valid: it is incomplete or was changed' },
    reason: {
      reason: 'link_invalid',
      explanation: 'the token is not that of a preferences link that this installation signed',
    },
  },
} as const

/** Returns the owner of the preferences that a link opens. Throws `unauthenticated` or `token_expired`. */
export const authenticateLink = async (
  { cache, seal }: { cache: SettingsCache; seal: Seal },
  request: HonoRequest,
): Promise<LinkedOwner> => {
  const link = await verifyLink(seal, 'preferences', bearer(request), Date.now())
  if ('fault' in link) {
    const { about, reason } = LINK_FAULTS[link.fault]
    throw new CredentialsError(about, reason)
  }
  const { tenant, user, issuedAt } = link
  const context = parse(ContextKey, link.claims.context)
  if (user !== undefined) await requireNotErased(cache, { tenant, user, issuedAt })
  return { tenant, user, issuedAt, ...(context.success ? { context: context.data } : {}) }
}
