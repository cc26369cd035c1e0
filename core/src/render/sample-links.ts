import { MESSAGE_LINK_SECONDS, makePreferencesUrl } from '../delivery/preferences-link.ts'
import { makeUnsubscribeUrl } from '../delivery/unsubscribe-link.ts'
import type { Seal } from '../security/seal.ts'
import type { Links } from '../template/scope.ts'

/** Returns sample links for a message that is not sent; their pages say so. Empty without a public URL. */
export const sampleLinks = async (
  seal: Seal,
  publicUrl: string | undefined,
  about: { tenant: string; type: { key: string; category?: string | undefined }; now: number },
): Promise<Links> => {
  if (publicUrl === undefined) return {}
  const { tenant, type, now } = about
  const { key, category } = type
  const what =
    category === undefined ? { categories: [], types: [key] } : { categories: [category], types: [] }
  const [unsubscribe, preferences] = await Promise.all([
    makeUnsubscribeUrl(seal, publicUrl, { tenant, channel: 'email', ...what }, now),
    makePreferencesUrl(seal, publicUrl, { tenant }, { seconds: MESSAGE_LINK_SECONDS, now }),
  ])
  return { unsubscribe, preferences }
}
