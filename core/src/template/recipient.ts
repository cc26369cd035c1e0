import type { Messages } from './languages.ts'

/** For whom a template is rendered. Filters read it from the scope's globals. */
export type Recipient = {
  /** A BCP 47 tag. */
  locale: string
  /** An IANA time zone. */
  timezone: string
  /** Epoch ms, for relative times. */
  now: number
  /** ICU messages by key, most specific locale first. */
  messages: Messages
}

/** The name under which the scope keeps the recipient. Templates cannot name it. */
export const RECIPIENT = Symbol('recipient')
