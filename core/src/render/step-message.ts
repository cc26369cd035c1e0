import type { ItemContent, Overrides } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import type { MailExtras, MessageSender, PushExtras } from '../delivery/provider.ts'
import type { Step } from '../delivery/step.ts'
import type { KnownUser } from '../store/ports/users.ts'
import { type DigestItems, firstItems } from '../template/digest-items.ts'
import type { SharedTime } from '../template/engine.ts'
import { localeAndZone } from '../template/locale-and-zone.ts'
import { type Links, scopeOf } from '../template/scope.ts'
import type { TemplateFault, Texts, TypeTemplates } from '../template/type-templates.ts'
import type { Brand } from './brand.ts'
import { type MessageParts, messageOf } from './message.ts'
import type { MessageContent } from './message-content.ts'
import { otpContent } from './otp-content.ts'
import { markedMessage } from './test-mark.ts'

/** The message of a step: the content of its item, of a notification without an item, or of a one-time password. */
export type StepMessage = MessageContent<Partial<ItemContent>> & {
  appUrl: string | undefined
  sender: MessageSender | undefined
  unsubscribeUrl?: string | undefined
  brand?: Brand
  /** The notifications that a digest covers. */
  digestItems?: DigestItems
  /** What the sender adds to an e-mail. */
  extras?: MailExtras | undefined
  /** What the sender adds to a push. */
  push?: PushExtras | undefined
}

/** The overrides of a send on one channel. */
type ChannelOverrides = Overrides[keyof Overrides]

/** Returns the texts among overrides, which are literal. */
const textsOf = (overrides: ChannelOverrides): Texts => {
  const found = Object.entries(overrides ?? {}).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(found)
}

/** The input of a step's message. `now`: epoch ms, for relative times. `time`: a limit shared with other renderings. */
export type RenderInput = {
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
  digestItems?: DigestItems | undefined
}
type RenderedOrFaults = Omit<StepMessage, 'sender'> | { faults: readonly [TemplateFault, ...TemplateFault[]] }

/**
 * Renders the message of a step, with the current data of the user. Returns the faults if a template fails or lacks a value:
 * the message is not sent then. Pure.
 */
export const renderStep = (step: Step, known: RenderInput): RenderedOrFaults => {
  const rendered = withinSize(step, known)
  return !step.test || 'faults' in rendered ? rendered : { ...rendered, ...markedMessage(rendered) }
}

/** The longest e-mail about several notifications, in characters of HTML and text: some mail clients cut those of 100 kB. */
const EMAIL_MAX = 90_000

/** With so few notifications, a template does not fail because of their number. */
const SURELY_SHORT = 20

/** Lists fewer notifications in a digest that is too long for an e-mail. Its templates can show how many are missing. */
const withinSize = (step: Step, known: RenderInput): RenderedOrFaults => {
  for (
    let digestItems = known.digestItems;
    ;
    digestItems = firstItems(digestItems, Math.floor(digestItems.items.length / 2))
  ) {
    const rendered = unmarked(step, { ...known, digestItems })
    if (!digestItems || digestItems.items.length <= 1) return rendered
    // A text may have become too long for its template.
    if ('faults' in rendered && digestItems.items.length > SURELY_SHORT) continue
    if ('faults' in rendered || step.plan[step.index]!.channel !== 'email') return rendered
    const { html = '', text = '' } = rendered.texts
    if (html.length + text.length + (rendered.content.body?.length ?? 0) <= EMAIL_MAX) return rendered
  }
}

const unmarked = (step: Step, known: RenderInput): RenderedOrFaults => {
  const {
    content = {},
    code,
    templates,
    person,
    tenancy,
    links,
    overrides,
    appUrl,
    now,
    time,
    digestItems,
  } = known
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
    scope: scopeOf(content, { id: step.user, profile: person.profile }, tenancy, links, digestItems),
    viewer: { ...localeAndZone(person, tenancy.settings, now), ...(time && { time }) },
    otp: code === undefined ? undefined : (words) => otpContent(step, code, words, now),
  }
  const { faults, ...rendered } = messageOf(channel, parts)
  const [first, ...others] = faults
  if (!first) return { ...own, ...rendered }
  if (code === undefined) return { faults: [first, ...others] }
  // A layout that needs a value that a one-time password lacks must not prevent sending the code.
  const { faults: _, ...bare } = messageOf(channel, { ...parts, templates: undefined })
  return { ...own, ...bare }
}
