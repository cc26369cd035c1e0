import type { ItemContent, Overrides } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { MailExtras, MessageSender } from '../delivery/provider.ts'
import type { Step } from '../delivery/step.ts'
import type { KnownUser } from '../store/ports/users.ts'
import type { SharedTime } from '../template/engine.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import { listing, type Told } from '../template/told.ts'
import type { TemplateFault, Texts, TypeTemplates } from '../template/type-templates.ts'
import { viewerOf } from '../template/viewer.ts'
import type { Brand } from './brand.ts'
import { type MessageParts, messageOf } from './message.ts'
import { otpContent } from './otp-content.ts'
import type { Spoken } from './spoken.ts'
import { markedMessage } from './test-mark.ts'

/** What a step says: the content of its item, of a notification without one, or of a one-time password. */
export type Said = Spoken<Partial<ItemContent>> & {
  appUrl: string | undefined
  sender: MessageSender | undefined
  unsubscribeUrl?: string | undefined
  brand?: Brand
  /** The notifications of which a digest tells. */
  told?: Told
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
  /** Of a one-time password. */
  code?: string | undefined
  templates: TypeTemplates | undefined
  person: Pick<KnownUser, 'profile' | 'reported'>
  tenancy: InContext
  links: Links
  overrides?: ChannelOverrides
  appUrl: string | undefined
  now: number
  time?: SharedTime
  /** Set in a digest. */
  told?: Told | undefined
}
type SaidOrFaults = Omit<Said, 'sender'> | { faults: readonly [TemplateFault, ...TemplateFault[]] }

/**
 * Renders what a step says, for the person as they are now. Returns the faults if a template fails or lacks a value: the
 * message is not sent then. Pure.
 */
export const saidBy = (step: Step, known: KnownOfStep): SaidOrFaults => {
  const said = withinSize(step, known)
  return !step.test || 'faults' in said ? said : { ...said, ...markedMessage(said) }
}

/** The longest e-mail about several notifications, in characters of HTML and text: some mail clients cut those of 100 kB. */
const EMAIL_MAX = 90_000

/** A template that fails with so few notifications does not fail because of their number. */
const SURELY_SHORT = 20

/** Lists fewer notifications in a digest that is too long for an e-mail; its templates can tell how many are missing. */
const withinSize = (step: Step, known: KnownOfStep): SaidOrFaults => {
  for (let told = known.told; ; told = listing(told, Math.floor(told.items.length / 2))) {
    const said = unmarked(step, { ...known, told })
    if (!told || told.items.length <= 1) return said
    // A text may have become too long for its template.
    if ('faults' in said && told.items.length > SURELY_SHORT) continue
    if ('faults' in said || step.plan[step.index]!.channel !== 'email') return said
    const { html = '', text = '' } = said.texts
    if (html.length + text.length + (said.content.body?.length ?? 0) <= EMAIL_MAX) return said
  }
}

const unmarked = (step: Step, known: KnownOfStep): SaidOrFaults => {
  const { content = {}, code, templates, person, tenancy, links, overrides, appUrl, now, time, told } = known
  const channel = step.plan[step.index]!.channel
  const own = { appUrl, unsubscribeUrl: links.unsubscribe }
  const parts: MessageParts<Partial<ItemContent>> = {
    ...{
      type: step.type,
      content,
      templates,
      literal: textsOf(overrides),
      settings: tenancy.settings,
      appUrl,
    },
    scope: scopeOf(content, { id: step.user, profile: person.profile }, tenancy, links, told),
    viewer: { ...viewerOf(person, tenancy.settings, now), ...(time && { time }) },
    otp: code === undefined ? undefined : (words) => otpContent(step, code, words, now),
  }
  const { faults, ...said } = messageOf(channel, parts)
  const [first, ...others] = faults
  if (!first) return { ...own, ...said }
  if (code === undefined) return { faults: [first, ...others] }
  // A layout that needs what a one-time password does not have must not keep the code from its user.
  const { faults: _, ...bare } = messageOf(channel, { ...parts, templates: undefined })
  return { ...own, ...bare }
}
