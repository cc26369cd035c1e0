import { MESSAGE_LINK_SECONDS, makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import type { Step } from '@carillon/core/delivery/step'
import { makeUnsubscribeUrl } from '@carillon/core/delivery/unsubscribe-link'
import { isOptional } from '@carillon/core/routing/preference'
import type { Seal } from '@carillon/core/security/seal'
import type { Links } from '@carillon/core/template/scope'
import { channelOf } from './ledger-changes.ts'
import type { Known } from './lookup.ts'

/**
 * Returns a function that signs the links of a message: e-mails have the one to unsubscribe in their headers, and templates
 * may show both. A link that nothing shows is not signed. Critical and transactional types have no link to unsubscribe.
 * Without a public URL there are no links. The preferences are those of the message's context.
 */
export const createLinksOf =
  ({ seal }: { seal: Seal }, { publicUrl }: { publicUrl: string | undefined }) =>
  async (step: Step, known: Pick<Known, 'subject' | 'content' | 'templates'>): Promise<Links> => {
    const { tenant, user, type, secret } = step
    const subject = known.subject(step)
    const isLinked = known.templates(step)?.linked === true
    const channel = channelOf(step)
    if (publicUrl === undefined || secret !== undefined) return {}
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
