import { DeviceId, ItemId, NotificationId, parse } from '@carillon/schemas'
import { z } from 'zod'
import { type LinkFault, signLink, verifyLink } from '../security/link-tokens.ts'
import type { Seal } from '../security/seal.ts'

/** The push that a token identifies: a delivery of the ledger, and its inbox item if there is one. */
export type Push = {
  tenant: string
  user: string
  notification: string
  toAudience: boolean
  step: number
  device: string
  item?: string | undefined
}

/** How long a device may report about a push: seven days after it was sent, in seconds. */
export const PUSH_TOKEN_SECONDS = 7 * 86_400

/** The names are short, because a push has at most 4 kB. */
const Claims = z.object({
  n: NotificationId,
  a: z.literal(1).optional(),
  s: z.int().min(0),
  d: DeviceId,
  i: ItemId.optional(),
})

/** Returns a token with which a device reports about one push. It permits nothing else. */
export const signPush = (
  seal: Seal,
  { tenant, user, notification, toAudience, step, device, item }: Push,
  now: number,
): Promise<string> => {
  const claims: z.input<typeof Claims> = {
    ...{ n: notification, s: step, d: device },
    ...(toAudience ? { a: 1 } : {}),
    ...(item === undefined ? {} : { i: item }),
  }
  return signLink(seal, 'push', { tenant, user }, { claims, seconds: PUSH_TOKEN_SECONDS, now })
}

/** Returns the push of a token and when it was issued (epoch ms), or why the token is refused. Never rejects. */
export const readPush = async (
  seal: Seal,
  token: string,
  now: number,
): Promise<(Push & { issuedAt: number }) | LinkFault> => {
  const link = await verifyLink(seal, 'push', token, now)
  if ('fault' in link) return link
  const { tenant, user, issuedAt } = link
  const parsed = parse(Claims, link.claims)
  if (!parsed.success || user === undefined) return { fault: 'invalid' }
  const { n: notification, a, s: step, d: device, i: item } = parsed.data
  return { tenant, user, notification, toAudience: a === 1, step, device, item, issuedAt }
}
