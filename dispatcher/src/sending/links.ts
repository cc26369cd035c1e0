import { hasCopies } from '@carillon/core/delivery/mail-copies'
import { MESSAGE_LINK_SECONDS, makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import type { Step } from '@carillon/core/delivery/step'
import { makeUnsubscribeUrl } from '@carillon/core/delivery/unsubscribe-link'
import { isOptional, type Subject } from '@carillon/core/routing/preference'
import type { Seal } from '@carillon/core/security/seal'
import type { Links } from '@carillon/core/template/scope'
import type { TypeTemplates } from '@carillon/core/template/type-templates'
import type { EmailOverrides, Overrides } from '@carillon/schemas'
import { channelOf } from './ledger-changes.ts'

/** The input of a message's links. `subjects`: those of all notifications that it covers. */
type Linked = {
  subjects: readonly Omit<Subject, 'addressed'>[]
  templates: TypeTemplates | undefined
}

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
    { subjects, templates }: Linked,
    overrides: Overrides[keyof Overrides] | undefined,
  ): Promise<Links> => {
    const { tenant, user, secret } = step
    const isLinked = templates?.linked === true
    const channel = channelOf(step)
    if (publicUrl === undefined || secret !== undefined) return {}
    if (channel === 'email' && hasCopies(overrides as EmailOverrides | undefined)) return {}
    if (!isLinked && channel !== 'email') return {}
    const now = Date.now()
    const optional = subjects.filter(isOptional)
    const what = {
      categories: optional.flatMap(({ category }) => category ?? []),
      types: optional.flatMap(({ type, category }) => (category === undefined ? [type] : [])),
    }
    const owner = { tenant, user, context: step.context }
    const [unsubscribe, preferences] = await Promise.all([
      optional.length > 0
        ? makeUnsubscribeUrl(seal, publicUrl, { ...owner, channel, ...what }, now)
        : undefined,
      isLinked
        ? makePreferencesUrl(seal, publicUrl, owner, { seconds: MESSAGE_LINK_SECONDS, now })
        : undefined,
    ])
    return { unsubscribe, preferences }
  }

export type LinksOf = ReturnType<typeof createLinksOf>
