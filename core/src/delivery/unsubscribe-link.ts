import { Category, Channel, ContextKey, parse, TypeKey, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { type LinkFault, type LinkOwner, signLink, verifyLink } from '../security/link-tokens.ts'
import type { Seal } from '../security/seal.ts'

/**
 * The categories, and types without a category, that a user unsubscribes from on a channel. A message that combines several
 * notifications lists those of all. `context` is that of the message.
 */
export type Unsubscribe = LinkOwner & {
  channel: Channel
  categories: readonly string[]
  types: readonly string[]
  context?: string | undefined
}

/** How long a link is valid: thirty days, in seconds. */
export const UNSUBSCRIBE_SECONDS = 30 * 86_400

const Claims = z.object({
  channel: Channel,
  categories: z.array(Category).default([]),
  types: z.array(TypeKey).default([]),
  context: ContextKey.optional(),
})

/**
 * Returns a URL on the hub for the List-Unsubscribe header and for links. It is valid for `UNSUBSCRIBE_SECONDS` and needs no
 * credentials: a POST is enough (RFC 8058). Without a user, it is a sample that changes nothing.
 */
export const makeUnsubscribeUrl = async (
  seal: Seal,
  publicUrl: string,
  { tenant, user, channel, categories, types, context }: Unsubscribe,
  now: number,
): Promise<string> => {
  const claims = {
    channel,
    ...(categories.length > 0 ? { categories: [...new Set(categories)] } : {}),
    ...(types.length > 0 ? { types: [...new Set(types)] } : {}),
    ...(context === undefined ? {} : { context }),
  }
  const token = await signLink(
    seal,
    'unsubscribe',
    { tenant, user },
    { claims, seconds: UNSUBSCRIBE_SECONDS, now },
  )
  return `${withoutTrailingSlash(publicUrl)}/v1/unsubscribe/${token}`
}

/** Returns the content of a token and when it was issued (epoch ms), or why it is refused. */
export const readUnsubscribe = async (
  seal: Seal,
  token: string,
  now: number,
): Promise<(Unsubscribe & { issuedAt: number }) | LinkFault> => {
  const link = await verifyLink(seal, 'unsubscribe', token, now)
  if ('fault' in link) return link
  const { claims, ...owner } = link
  const parsed = parse(Claims, claims)
  return parsed.success ? { ...owner, ...parsed.data } : { fault: 'invalid' }
}
