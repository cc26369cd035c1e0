import { contentOf } from '@carillon/core/notification/content'
import { itemId } from '@carillon/core/notification/ids'
import { withTexts } from '@carillon/core/notification/literal-texts'
import type { Planned } from '@carillon/core/routing/plan'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { InboxContent, InboxItem, NotificationType } from '@carillon/schemas'
import type { Ready } from '../intake/ready.ts'
import type { PlannedRecipient, RecipientBatch } from '../plan/recipients.ts'

/** The item of a notification for one recipient, with its content. */
export type Entry = {
  ready: Ready
  type: NotificationType | undefined
  user: string
  planned: Planned
  /** The topics through which it is addressed to the user, if there is no other way. */
  topics?: readonly string[] | undefined
  /** The id of the item. */
  id: string
  /** One object shared by all recipients with the same content. */
  content: InboxContent
  /** Whether no record names this user as a recipient. */
  unnamed: boolean
  /** The key under which the store shares the content with other recipients. */
  kept?: Pick<NewItem, 'rendering' | 'personal'>
}

/** Names the times of a recipient; '' if all recipients have the same. */
const timesOf = ({ time }: Pick<Planned, 'time'>): string =>
  time ? `${time.at}${time.expiresAt === undefined ? '' : `-${time.expiresAt}`}` : ''

/** Returns the name of a rendering among those of the notification: each variant and time has its own. */
export const renderingOf = (planned: Pick<Planned, 'variant' | 'time'>, name: string): string => {
  const times = timesOf(planned)
  const own = times === '' ? name : `${times} ${name}`
  return planned.variant === undefined ? own : `${planned.variant} ${own}`
}

/** Reports whether the recipient gets an item. */
export const hasItem = ({ planned }: Pick<Entry, 'planned'>): boolean => planned.inbox !== 'none'

/**
 * Returns a function that creates the entry of a recipient. Pure: the same notification and user give the
 * same item.
 */
export const entriesOf = (batch: RecipientBatch): ((recipient: PlannedRecipient) => Entry) => {
  const { ready, type, unnamed } = batch
  const known = new Map<string, InboxContent>()
  let usual: InboxContent | undefined
  const { deliverAt: _, expiresAt, ...notification } = ready.notification
  const expiry = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
  const make = ({ inbox, variant, time }: Planned): InboxContent => {
    const at = time?.at ?? ready.at
    const ends = typeof expiresAt === 'object' ? undefined : expiresAt
    const own = contentOf({
      id: ready.id,
      notification,
      type,
      at,
      expiresAt: time ? expiry(time.expiresAt) : ends,
    })
    const content = ready.texts ? withTexts(own, ready.texts) : own
    if (inbox === 'silent') content.silent = true
    if (variant !== undefined) content.variant = variant
    return content
  }
  /** All recipients of one variant and time share one object. */
  const contentFor = (planned: Planned): InboxContent => {
    if (planned.inbox !== 'silent' && planned.variant === undefined && !planned.time) {
      usual ??= make(planned)
      return usual
    }
    const name = `${planned.inbox === 'silent'} ${planned.variant ?? ''} ${timesOf(planned)}`
    const content = known.get(name) ?? make(planned)
    known.set(name, content)
    return content
  }
  return ({ user, planned, topics }) => {
    const id = itemId(ready.tenant, ready.id, user, ready.at)
    const isOwn = planned.variant !== undefined || planned.time !== undefined
    const entry: Entry = { ready, type, user, planned, topics, id, content: contentFor(planned), unnamed }
    if (isOwn) entry.kept = { rendering: renderingOf(planned, '') }
    return entry
  }
}

/** When an item is created, epoch ms. */
export const createdAt = ({ ready, planned }: Pick<Entry, 'ready' | 'planned'>): number =>
  planned.time?.at ?? ready.at

/** When an item expires, epoch ms. */
export const expiryOf = ({ ready, planned }: Pick<Entry, 'ready' | 'planned'>): number =>
  Math.min(ready.expiresAt, planned.time?.expiresAt ?? ready.expiresAt)

/** Returns an entry with other content. */
export const withContent = (
  entry: Entry,
  content: InboxContent,
  kept: NonNullable<Entry['kept']>,
): Entry => ({ ...entry, content, kept })

export const newItem = (entry: Entry): NewItem => {
  const { ready, user, id, content, unnamed, kept } = entry
  const item: NewItem = { tenant: ready.tenant, user, id, content, expiresAt: expiryOf(entry) }
  if (unnamed) item.keepRecipient = true
  return kept ? Object.assign(item, kept) : item
}

/** Returns a new item as clients see it, without its id. */
export const freshItem = (content: InboxContent, arrivedAt: string): Omit<InboxItem, 'id'> => ({
  // Spread last: V8 takes about 1 µs for each new property after a spread that comes first.
  arrivedAt,
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
  ...content,
})
