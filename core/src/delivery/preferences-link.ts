import { withoutTrailingSlash } from '@carillon/schemas'
import { type LinkOwner, signLink } from '../security/link-tokens.ts'
import type { Seal } from '../security/seal.ts'

/** How long the preferences link of a message is valid: thirty days, in seconds. */
export const MESSAGE_LINK_SECONDS = 30 * 86_400

/** Where the hub serves the preferences page. */
export const PREFERENCES_PATH = '/preferences'

/**
 * Returns the URL of a user's preferences page. Its token gives access to preferences only. The token is in the fragment,
 * which browsers do not send, so no server or proxy logs it. Without a user, the page shows a sample.
 */
export const makePreferencesUrl = async (
  seal: Seal,
  publicUrl: string,
  owner: LinkOwner & { context?: string | undefined },
  { seconds, now }: { seconds: number; now: number },
): Promise<string> => {
  const { tenant, user, context } = owner
  const claims = context === undefined ? {} : { context }
  const token = await signLink(seal, 'preferences', { tenant, user }, { claims, seconds, now })
  return `${withoutTrailingSlash(publicUrl)}${PREFERENCES_PATH}#${token}`
}
