import { DECISION_REASONS, type Decider, type DeliveryChannel, type InboxItem } from '@carillon/schemas'
import type { DeliveryDecision } from './explain-delivery.ts'

const CHANNEL_NAMES: Readonly<Record<DeliveryChannel, string>> = {
  inbox: 'The inbox item',
  push: 'Push',
  email: 'E-mail',
  sms: 'SMS',
  mms: 'MMS',
  whatsapp: 'WhatsApp',
  webhook: 'Webhook',
  slack: 'Slack',
  teams: 'Teams',
  discord: 'Discord',
  telegram: 'Telegram',
}

const DECIDER_NAMES: Readonly<Record<Exclude<Decider, 'system'>, string>> = {
  type: 'the type',
  category: 'the category',
  user: 'the user',
  user_context: "the user's choices in the context",
  context: 'the context',
  tenant: 'the tenant',
  sender: 'the sender',
}

/** The state of the item, for the decision to store it. */
export type ItemFacts = {
  item?: Partial<Pick<InboxItem, 'receivedAt' | 'seenAt' | 'readAt' | 'archivedAt'>> | undefined
  /** The user may have had an item and deleted it. */
  unsure?: boolean
}

const instant = (at: number) => new Date(at).toISOString()

/** Returns the outcome and its time. */
const headOf = (decision: DeliveryDecision): string => {
  const { stage, channel, step, outcome, device, provider, reason } = decision
  const at = ` at ${instant(decision.at)}`
  const of = device === undefined ? '' : ` to device ${device}`
  const name = channel === undefined ? 'The notification' : CHANNEL_NAMES[channel]
  const subject = step === undefined ? name : `${name} (step ${step})`
  const through = provider === undefined ? '' : ` through ${provider}`
  switch (outcome) {
    case 'pass':
      if (stage === 'audience') return `The user was found to be a recipient${at}`
      if (reason === 'replaced') return `${subject} took the place of an earlier one${at}`
      if (stage === 'inbox') return `${subject} was stored${reason === 'silent' ? ' silently' : ''}${at}`
      if (stage === 'send') return `A copy of ${subject} was not sent${at}`
      return stage === 'preference' ? `${subject} was allowed${at}` : `${subject} was due${at}`
    case 'wait': {
      const until = decision.until === undefined ? '' : ` until ${instant(decision.until)}`
      return `${subject}${of} was deferred${at}${until}`
    }
    case 'join':
      return `${subject} joined a digest${at}${decision.until === undefined ? '' : `, which closes at ${instant(decision.until)}`}`
    case 'skip':
      return `${subject}${of} was skipped${at}`
    case 'end':
      if (stage === 'audience') return `Everything for the user was skipped${at}`
      return channel === 'inbox'
        ? `${subject} was removed${at}`
        : `${subject} and every later step were skipped${at}`
    case 'sent':
      return `${subject} was sent${of}${through}${at}`
    case 'failed':
      return `${subject} failed${of}${through}${at}`
    case 'in_doubt':
      return `${subject} was tried${of}${through}${at}, and it is unknown whether it was sent`
  }
}

const layerOf = ({ by, path }: DeliveryDecision): string => {
  if (by === 'system') return path === undefined ? '' : ` (at ${path})`
  return ` (decided by ${DECIDER_NAMES[by]}${path === undefined ? '' : `, ${path}`})`
}

const listed = (events: readonly (readonly [what: string, at: string | null | undefined])[]): string =>
  events.flatMap(([what, at]) => (at ? [`, ${what} at ${at}`] : [])).join('')

/** Returns the later states of the item. */
const itemSince = ({ item }: ItemFacts): string =>
  item
    ? listed([
        ['received', item.receivedAt],
        ['seen', item.seenAt],
        ['read', item.readAt],
        ['archived', item.archivedAt],
      ])
    : ', and is no longer in the inbox'

/** Returns why it was decided so, unless the outcome says it. */
const becauseOf = ({ stage, outcome, reason }: DeliveryDecision): string => {
  const isSaid = (outcome === 'pass' && reason === 'silent') || (outcome === 'join' && reason === 'digest')
  if (reason === undefined || isSaid) return ''
  // An item is stored even if a template fails.
  const link = outcome === 'pass' && reason === 'template_error' ? 'although' : 'because'
  // Users snooze single items, and pause messages on all channels.
  const isPause = stage === 'quiet_hours' && reason === 'snoozed'
  return `, ${link} ${isPause ? 'the user has paused messages' : DECISION_REASONS[reason]}`
}

/** Returns a decision as one English sentence, with its channel, its time, who decided it and why. Pure. */
export const sentenceOf = (decision: DeliveryDecision, facts: ItemFacts = {}): string => {
  const { stage, outcome, reason, detail, reported = {} } = decision
  const isStored = stage === 'inbox' && outcome === 'pass' && reason !== 'replaced'
  const stored = isStored ? itemSince(facts) : ''
  const reports = listed(Object.entries(reported).map(([what, at]) => [what, instant(at)]))
  const unsure =
    reason === 'not_recipient' && facts.unsure ? ', or the user has deleted one of very many items' : ''
  const said = detail === undefined ? '' : ` (${detail})`
  const variant = decision.variant === undefined ? '' : ` (variant ${decision.variant})`
  return `${headOf(decision)}${variant}${stored}${reports}${becauseOf(decision)}${unsure}${said}${layerOf(decision)}.`
}
