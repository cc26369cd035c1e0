import { contentOf } from '@carillon/core/notification/content'
import { itemId } from '@carillon/core/notification/ids'
import type { Planned } from '@carillon/core/routing/plan'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { InboxContent, InboxItem, NotificationType } from '@carillon/schemas'
import type { Ready } from '../intake/ready.ts'
import type { PlannedRecipient, Portion } from '../plan/recipients.ts'
import { USERS_KEPT } from '../plan/record.ts'

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
  /** Who else reads the same content, as the store keeps it. */
  kept?: Pick<NewItem, 'rendering' | 'personal'>
}

/** Returns the name of a rendering among those of the notification: each variant has its own. */
export const renderingOf = ({ variant }: Pick<Planned, 'variant'>, name: string): string =>
  variant === undefined ? name : `${variant} ${name}`

/** Reports whether the recipient gets an item. */
export const hasItem = ({ planned }: Pick<Entry, 'planned'>): boolean => planned.inbox !== 'none'

/**
 * Returns a function that creates the entry of a recipient. Pure: the same notification and user give the
 * same item.
 */
export const entriesOf = (portion: Portion): ((recipient: PlannedRecipient) => Entry) => {
  const { ready, type } = portion
  const content = contentOf({ id: ready.id, notification: ready.notification, type, at: ready.at })
  const silent = { ...content, silent: true }
  const ofVariants = new Map<string, InboxContent>()
  /** All recipients of one variant share one object, too. */
  const contentFor = ({ inbox, variant }: Planned): InboxContent => {
    const own = inbox === 'silent' ? silent : content
    if (variant === undefined) return own
    const name = `${inbox === 'silent'} ${variant}`
    const known = ofVariants.get(name) ?? { ...own, variant }
    ofVariants.set(name, known)
    return known
  }
  const unnamed = ready.toAudience || portion.recipients.length > USERS_KEPT
  return ({ user, planned, topics }) => {
    const id = itemId(ready.tenant, ready.id, user, ready.at)
    const kept = planned.variant === undefined ? {} : { kept: { rendering: renderingOf(planned, '') } }
    return { ready, type, user, planned, topics, id, content: contentFor(planned), unnamed, ...kept }
  }
}

/** Returns an entry with other content. */
export const withContent = (
  entry: Entry,
  content: InboxContent,
  kept: NonNullable<Entry['kept']>,
): Entry => ({ ...entry, content, kept })

export const newItem = ({
  ready: { tenant, expiresAt },
  user,
  id,
  content,
  unnamed,
  kept,
}: Entry): NewItem => ({
  tenant,
  user,
  id,
  content,
  expiresAt,
  ...kept,
  ...(unnamed ? { keepRecipient: true as const } : {}),
})

/** Returns a new item as clients see it. */
export const freshItem = ({ id, content }: Pick<Entry, 'id' | 'content'>, arrivedAt: string): InboxItem => ({
  id,
  ...content,
  arrivedAt,
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
})
