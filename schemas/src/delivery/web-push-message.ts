import type { Action } from '../notification/action.ts'

/** The JSON payload of a web push message, which the service worker shows. */
export type PushMessage = {
  title?: string | undefined
  body?: string | undefined
  /** A URL, or a path of the app that the service worker belongs to. */
  url?: string | undefined
  image?: string | undefined
  /** A message replaces an earlier one with the same tag. */
  tag: string
  /** A message replaces those of its group, and shows how many there are. */
  group?: string | undefined
  notification: string
  /** The inbox item. */
  item?: string | undefined
  actions?: readonly Action[] | undefined
  data?: Record<string, unknown> | undefined
  /** The number of unread items. */
  badge?: number | undefined
  /** The token with which the service worker reports about this message. */
  report?: string | undefined
}
