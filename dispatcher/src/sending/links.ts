import { hasCopies } from '@carillon/core/delivery/mail-copies'
import { MESSAGE_LINK_SECONDS, makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import type { Step } from '@carillon/core/delivery/step'
import { makeUnsubscribeUrl } from '@carillon/core/delivery/unsubscribe-link'
import { isOptional } from '@carillon/core/routing/preference'
import type { Seal } from '@carillon/core/security/seal'
import type { Links } from '@carillon/core/template/scope'
import type { EmailOverrides, Overrides } from '@carillon/schemas'
import { channelOf } from './ledger-changes.ts'
import type { Known } from './lookup.ts'

/**
 * Returns a function that signs the unsubscribe and preferences links of a message. E-mails carry the unsubscribe link in
 * their headers, and templates may show both. A link is signed only if the message shows it. Critical and transactional
 * types have no unsubscribe link. Without a public URL there are no links, and an e-mail with
 * copies has none. Links are for the context of the message.
 */
export const createLinksOf =
  ({ seal }: { seal: Seal }, { publicUrl }: { publicUrl: string | undefined }) =>
  async (
    step: Step,
    known: Pick<Known, 'subject' | 'content' | 'templates'>,
    overrides: Overrides[keyof Overrides] | undefined,
  ): Promise<Links> => {
    const { tenant, user, type, secret } = step
    const subject = known.subject(step)
    const isLinked = known.templates(step)?.linked === true
    const channel = channelOf(step)
    if (publicUrl === undefined || secret !== undefined) return {}
    if (channel === 'email' && hasCopies(overrides as EmailOverrides | undefined)) return {}
    if (!isLinked && channel !== 'email') return {}
    const now = Date.now()
    const { category } = subject
    const what =
      category === undefined ? { categories: [], types: [type] } : { categories: [category], types: [] }
    const owner = { tenant, user, context: step.context }
    const [unsubscribe, preferences] = await Promise.all([
      isOptional(subject)
        ? makeUnsubscribeUrl(seal, publicUrl, { ...owner, channel, ...what }, now)
        : undefined,
      isLinked
        ? makePreferencesUrl(seal, publicUrl, owner, { seconds: MESSAGE_LINK_SECONDS, now })
        : undefined,
    ])
    return { unsubscribe, preferences }
  }

export type LinksOf = ReturnType<typeof createLinksOf>
