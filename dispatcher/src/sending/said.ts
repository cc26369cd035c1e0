import type { InContext } from '@carillon/core/contexts/in-context'
import type { MailExtras, MessageSender } from '@carillon/core/delivery/provider'
import type { Step } from '@carillon/core/delivery/step'
import { type Brand, brandOf } from '@carillon/core/render/brand'
import { framed } from '@carillon/core/render/framed'
import { itemContent } from '@carillon/core/render/item-content'
import { type Spoken, spoken } from '@carillon/core/render/spoken'
import { markedMessage } from '@carillon/core/render/test-mark'
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
  brand?: Brand
  /** What the sender adds to an e-mail. */
  extras?: MailExtras | undefined
}

/** The overrides of a send on one channel. */
type ChannelOverrides = Overrides[keyof Overrides]

/** Returns the texts among overrides, which are literal. */
const textsOf = (overrides: ChannelOverrides): Texts => {
  const found = Object.entries(overrides ?? {}).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(found)
}

/** What the text of a step depends on. */
type KnownOfStep = {
  content: ItemContent | undefined
  templates: TypeTemplates | undefined
  person: Pick<KnownUser, 'profile' | 'reported'>
  place: InContext
  links: Links
  overrides?: ChannelOverrides
  appUrl: string | undefined
}
type SaidOrFault = Omit<Said, 'sender'> | { fault: TemplateFault }

/**
 * Renders what a step says, for the person as they are now. Returns the fault if a template fails or lacks a value: the
 * message is not sent then.
 */
export const saidBy = (step: Step, known: KnownOfStep): SaidOrFault => {
  const said = unmarked(step, known)
  return !step.test || 'fault' in said ? said : { ...said, ...markedMessage(said) }
}

const unmarked = (step: Step, known: KnownOfStep): SaidOrFault => {
  const { content, templates, person, place, links, overrides, appUrl } = known
  const literal = textsOf(overrides)
  const channel = channelOf(step)
  const brand = channel === 'email' ? brandOf(place.settings) : undefined
  const own = { appUrl, unsubscribeUrl: links.unsubscribe, ...(brand && { brand }) }
  if (!content) return own
  if (!templates)
    return { ...own, ...(overrides ? spoken(content, literal, channel === 'email') : { content }) }
  const scope = scopeOf(content, { id: step.user, profile: person.profile }, place, links)
  const viewer = viewerOf(person, place.settings, Date.now())
  const { texts, faults, frame } = templates.render(channel, scope, viewer, literal)
  const [fault] = faults
  if (fault) return { fault }
  const said = spoken(content, texts, channel === 'email')
  if (!frame) return { ...own, ...said }
  const message = { ...itemContent(said.content, appUrl), ...said.texts, ...(brand && { brand }) }
  const { content: made, faults: found } = framed({ type: step.type, content: message }, frame)
  const [wrong] = found
  if (wrong) return { fault: wrong }
  const { html, text } = made
  return { ...own, ...said, texts: { ...said.texts, ...(html && { html }), ...(text && { text }) } }
}
