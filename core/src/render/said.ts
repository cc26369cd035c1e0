import type { ItemContent, Overrides } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { MailExtras, MessageSender } from '../delivery/provider.ts'
import type { Step } from '../delivery/step.ts'
import type { KnownUser } from '../store/ports/users.ts'
import type { SharedTime } from '../template/engine.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import type { TemplateFault, Texts, TypeTemplates } from '../template/type-templates.ts'
import { viewerOf } from '../template/viewer.ts'
import { type Brand, brandOf } from './brand.ts'
import { messageOf } from './message.ts'
import { type Spoken, spoken } from './spoken.ts'
import { markedMessage } from './test-mark.ts'

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

/** What the text of a step depends on. `now`: epoch ms, for relative times. `time`: a limit shared with other renderings. */
export type KnownOfStep = {
  content: ItemContent | undefined
  templates: TypeTemplates | undefined
  person: Pick<KnownUser, 'profile' | 'reported'>
  place: InContext
  links: Links
  overrides?: ChannelOverrides
  appUrl: string | undefined
  now: number
  time?: SharedTime
}
type SaidOrFaults = Omit<Said, 'sender'> | { faults: readonly [TemplateFault, ...TemplateFault[]] }

/**
 * Renders what a step says, for the person as they are now. Returns the faults if a template fails or lacks a value: the
 * message is not sent then. Pure.
 */
export const saidBy = (step: Step, known: KnownOfStep): SaidOrFaults => {
  const said = unmarked(step, known)
  return !step.test || 'faults' in said ? said : { ...said, ...markedMessage(said) }
}

const unmarked = (step: Step, known: KnownOfStep): SaidOrFaults => {
  const { content, templates, person, place, links, overrides, appUrl, now, time } = known
  const { settings } = place
  const literal = textsOf(overrides)
  const channel = step.plan[step.index]!.channel
  const isEmail = channel === 'email'
  const brand = isEmail ? brandOf(settings) : undefined
  const own = { appUrl, unsubscribeUrl: links.unsubscribe, ...(brand && { brand }) }
  if (!content) return own
  if (!templates) return { ...own, ...(overrides ? spoken(content, literal, isEmail) : { content }) }
  const scope = scopeOf(content, { id: step.user, profile: person.profile }, place, links)
  const viewer = { ...viewerOf(person, settings, now), ...(time && { time }) }
  const parts = { type: step.type, content, templates, scope, viewer, literal, settings, appUrl }
  const { faults, ...said } = messageOf(channel, parts)
  const [first, ...others] = faults
  return first ? { faults: [first, ...others] } : { ...own, ...said }
}
