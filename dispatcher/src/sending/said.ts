import type { InContext } from '@carillon/core/contexts/in-context'
import type { MailExtras, MessageSender } from '@carillon/core/delivery/provider'
import type { Step } from '@carillon/core/delivery/step'
import { type Spoken, spoken } from '@carillon/core/render/spoken'
import type { KnownUser } from '@carillon/core/store/ports/users'
import { type Links, scopeOf } from '@carillon/core/template/scope'
import type { TemplateFault, Texts, TypeTemplates } from '@carillon/core/template/type-templates'
import { viewerOf } from '@carillon/core/template/viewer'
import type { ItemContent, Overrides } from '@carillon/schemas'
import { channelOf } from './ledger-changes.ts'

/** The content of a step's item, or of a notification without one; undefined for a one-time password. */
export type Said = Partial<Spoken<ItemContent>> & {
  appUrl: string | undefined
  sender: MessageSender | undefined
  unsubscribeUrl?: string | undefined
  /** What the sender adds to an e-mail. */
  extras?: MailExtras | undefined
}

/** What a send has in place of what its type gives, on one channel. */
type Given = Overrides[keyof Overrides]

/** Returns the literal texts of a send. */
const textsOf = (given: Given): Texts => {
  const found = Object.entries(given ?? {}).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(found)
}

/**
 * Renders what a step says, for the person as they are now. Returns the fault if a template fails or lacks a value: the
 * message is not sent then.
 */
export const saidBy = (
  step: Step,
  known: {
    content: ItemContent | undefined
    templates: TypeTemplates | undefined
    person: Pick<KnownUser, 'profile' | 'reported'>
    place: InContext
    links: Links
    given?: Given
  },
): Omit<Said, 'appUrl' | 'sender'> | { fault: TemplateFault } => {
  const { content, templates, person, place, links, given } = known
  const literal = textsOf(given)
  const own = { unsubscribeUrl: links.unsubscribe }
  if (!content) return own
  const channel = channelOf(step)
  if (!templates) return { ...own, ...(given ? spoken(content, literal, channel === 'email') : { content }) }
  const scope = scopeOf(content, { id: step.user, profile: person.profile }, place, links)
  const viewer = viewerOf(person, place.settings, Date.now())
  const { texts, faults } = templates.render(channel, scope, viewer, literal)
  const [fault] = faults
  return fault ? { fault } : { ...own, ...spoken(content, texts, channel === 'email') }
}
