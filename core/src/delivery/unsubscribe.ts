import {
  Category,
  Channel,
  ContextKey,
  parse,
  TenantId,
  TypeKey,
  UserId,
  withoutTrailingSlash,
} from '@carillon/schemas'
import { z } from 'zod'
import type { Seal } from '../security/seal.ts'

/** A user who unsubscribes from a category on a channel, or from a type if it has no category. */
export type Unsubscribe = {
  tenant: string
  user: string
  channel: Channel
  type: string
  category?: string | undefined
  /** The context of the message. */
  context?: string | undefined
}

/** How long a link is valid: thirty days, in ms. */
export const UNSUBSCRIBE_MS = 30 * 86_400_000
/** Maximum length of a token, above that of any valid one. */
const TOKEN_MAX = 2_048
const CONTEXT = 'unsubscribe'

const Claims = z.object({
  tenant: TenantId,
  user: UserId,
  channel: Channel,
  type: TypeKey,
  category: Category.optional(),
  context: ContextKey.optional(),
  expires: z.number(),
})

/**
 * Returns a URL on the hub for the List-Unsubscribe header and for links. It is valid for `UNSUBSCRIBE_MS` and needs no
 * credentials: a POST is enough (RFC 8058). The token is encrypted and authenticated, so that it reveals nobody and cannot be
 * changed.
 */
export const makeUnsubscribeUrl = (
  seal: Seal,
  publicUrl: string,
  unsubscribe: Unsubscribe,
  now: number,
): string => {
  const claims = { ...unsubscribe, expires: now + UNSUBSCRIBE_MS }
  return `${withoutTrailingSlash(publicUrl)}/v1/unsubscribe/${seal.seal(JSON.stringify(claims), CONTEXT)}`
}

/** Returns the content of a token and when it was made; undefined if it is not of this installation, or has expired. */
export const readUnsubscribe = (
  seal: Seal,
  token: string,
  now: number,
): (Unsubscribe & { at: number }) | undefined => {
  if (token.length > TOKEN_MAX) return
  let claims: unknown
  try {
    claims = JSON.parse(seal.open(token, CONTEXT))
  } catch {
    return
  }
  const parsed = parse(Claims, claims)
  if (!parsed.success) return
  const { expires, ...who } = parsed.data
  return expires > now ? { ...who, at: expires - UNSUBSCRIBE_MS } : undefined
}
