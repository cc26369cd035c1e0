import { Channel, parse, TenantId, UserId, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import type { Seal } from '../security/seal.ts'

/** Who would not be written to any more, and where. */
export type Unsubscribe = { tenant: string; user: string; channel: Channel; address: string }

/** How long a link holds: thirty days, in ms. */
export const UNSUBSCRIBE_MS = 30 * 86_400_000
/** Longer than any token of ours. */
const TOKEN_MAX = 2_048
const CONTEXT = 'unsubscribe'

const Claims = z.object({
  tenant: TenantId,
  user: UserId,
  channel: Channel,
  address: z.string(),
  expires: z.number(),
})

/**
 * An address on the hub for the List-Unsubscribe header and for a link, that works for `UNSUBSCRIBE_MS` without any other
 * credentials: a POST is enough (RFC 8058). Its token is sealed, so that it tells nobody who it is for.
 */
export const makeUnsubscribeUrl = (
  seal: Seal,
  publicUrl: string,
  { tenant, user, channel, address }: Unsubscribe,
  now: number,
): string => {
  const claims = { tenant, user, channel, address, expires: now + UNSUBSCRIBE_MS }
  return `${withoutTrailingSlash(publicUrl)}/v1/unsubscribe/${seal.seal(JSON.stringify(claims), CONTEXT)}`
}

/** What a token says; undefined for one that this installation did not make, or that is too old. */
export const readUnsubscribe = (seal: Seal, token: string, now: number): Unsubscribe | undefined => {
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
  return expires > now ? who : undefined
}
