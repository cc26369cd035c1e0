import type { Action } from '../notification/action.ts'

/** What a web push message carries, as JSON, to the service worker that shows it. */
export type PushMessage = {
  title?: string | undefined
  body?: string | undefined
  url?: string | undefined
  image?: string | undefined
  /** A later message with the same tag takes the place of an earlier one. */
  tag: string
  notification: string
  actions?: readonly Action[] | undefined
  data?: Record<string, unknown> | undefined
}
