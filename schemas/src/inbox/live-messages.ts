import { z } from 'zod'
import { ItemId } from '../fields/ids.ts'
import { ChangeWay } from '../user/preferences.ts'
import { Counts } from './counts.ts'
import { InboxItem, ItemState } from './item.ts'
import { LivePosition } from './page.ts'

/** The position of a live message, and the stream that it belongs to. */
const Frame = LivePosition.extend({
  stream: z
    .string()
    .optional()
    .describe(
      'The context of the stream; the empty string for items without a context. Absent for the stream of the whole inbox. `seq`, `epoch` and `counts` belong to the stream',
    ),
})

type Frame = z.infer<typeof Frame>

/**
 * Live messages: Socket.IO events from hub to client, delivered at most once. `seq` grows by one per stream and message, so
 * a client that finds a gap or another `epoch` refetches the inbox.
 */
export const InboxAdded = Frame.extend({
  item: InboxItem,
  silent: z.literal(true).optional().describe('The item comes without a sound or a toast'),
})
export type InboxAdded = z.infer<typeof InboxAdded>

export const InboxChanged = Frame.extend({
  ids: z.array(ItemId).optional().describe('Absent if all active items changed'),
  all: z
    .literal(true)
    .optional()
    .describe('All active items changed, or those of the category, tag, context, group and type'),
  category: z.string().optional(),
  tag: z.string().optional(),
  context: z.string().optional(),
  group: z.string().optional(),
  type: z.string().optional(),
  status: z.literal('read').optional().describe('With `all`: only those that were read'),
  patch: ItemState.partial(),
  item: InboxItem.optional().describe('The whole item, if its content was replaced. It keeps its place'),
  ring: z.literal(true).optional().describe('With `item`: it is announced as if it were new'),
  counts: Counts,
})
export type InboxChanged = z.infer<typeof InboxChanged>

export const InboxRemoved = Frame.extend({ ids: z.array(ItemId), counts: Counts })
export type InboxRemoved = z.infer<typeof InboxRemoved>

/**
 * The user's preferences were changed, in an app, on a page or by a backend: fetch them again. Without `context`, the general
 * preferences changed. A connection limited to contexts gets that message without a position, because none of its streams
 * has it.
 */
export const PreferencesChanged = Frame.partial().extend({ via: ChangeWay, context: z.string().optional() })
export type PreferencesChanged = z.infer<typeof PreferencesChanged>

/** Client to hub: an app of the user has received these items. Ignored while the connection is idle. */
export const InboxReceived = z.strictObject({ ids: z.array(ItemId).min(1).max(100) })
export type InboxReceived = z.infer<typeof InboxReceived>

/**
 * Client to hub: whether somebody uses the app. A new connection is active. An idle connection gets every message, but does not
 * count as reached.
 */
export const Presence = z.strictObject({ active: z.boolean() })
export type Presence = z.infer<typeof Presence>

/** Live events by name, without position and stream, which the live port adds. */
export type LiveEvents = {
  'inbox.added': Omit<InboxAdded, keyof Frame>
  'inbox.changed': Omit<InboxChanged, keyof Frame>
  'inbox.removed': Omit<InboxRemoved, keyof Frame>
  'preferences.changed': Omit<PreferencesChanged, keyof Frame>
  'inbox.resync': undefined
}

/** Socket.IO events that the hub sends. `inbox.resync`: messages may have been lost, so the client refetches. */
export type HubToClient = {
  'inbox.added': (message: InboxAdded) => void
  'inbox.changed': (message: InboxChanged) => void
  'inbox.removed': (message: InboxRemoved) => void
  'preferences.changed': (message: PreferencesChanged) => void
  'inbox.resync': () => void
}
export type ClientToHub = {
  'inbox.received': (message: InboxReceived) => void
  presence: (message: Presence) => void
}

/** The `message` of a Socket.IO `connect_error` is one of the problem codes. */
export const LIVE_PATH = '/socket.io/'
