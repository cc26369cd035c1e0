import type { Action } from '../notification/action.ts'

/** The JSON payload of a web push message, which the service worker shows. */
export type PushMessage = {
  title?: string | undefined
  body?: string | undefined
  url?: string | undefined
  image?: string | undefined
  /** A message replaces an earlier one with the same tag. */
  tag: string
  notification: string
  actions?: readonly Action[] | undefined
  data?: Record<string, unknown> | undefined
}
