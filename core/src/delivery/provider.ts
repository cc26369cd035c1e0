import type { Action, Actor, Channel, DeviceInput, Priority, SuppressionReason } from '@carillon/schemas'
import type { z } from 'zod'
import type { Http } from '../http/port.ts'
import type { Brand } from '../render/brand.ts'
import type { Listed } from '../render/listed.ts'
import type { MailWords } from '../render/words.ts'
import type { Capture } from './captured.ts'

/**
 * The destination of one message. `account`: the destination is part of the account, such as an incoming
 * webhook.
 */
export type Address =
  | { kind: 'email'; email: string; name?: string }
  | { kind: 'phone'; phone: string }
  | { kind: 'device'; id: string; device: DeviceInput }
  | { kind: 'account' }

/** The content of a message. Links are absolute, except in web pushes; relative links without a base are omitted. */
export type Content = {
  title?: string
  body?: string
  url?: string
  image?: string
  actions?: readonly Action[]
  actor?: Actor
  category?: string
  tags?: readonly string[]
  context?: string
  data?: Record<string, unknown>
  /** The key of the item's group. */
  group?: string
  /** Of an e-mail; the title if absent. */
  subject?: string
  /** The HTML of an e-mail, in place of all the above but the subject. */
  html?: string
  /** The plain text of an e-mail; derived from the rest if absent. */
  text?: string
  /** The language of the texts, a BCP 47 tag, and its direction. */
  lang?: string
  dir?: 'ltr' | 'rtl'
  /** The sender's brand in an e-mail. */
  brand?: Brand
  /** The words of the default layout of e-mails; those of the language `lang` if absent. */
  words?: MailWords
}

/** An e-mail address with an optional display name. */
export type Mailbox = { email: string; name?: string | undefined }

/** An attached file. `cid`: the content id by which the HTML shows an inline image. */
export type MailFile = { filename: string; contentType: string; content: Buffer; cid?: string | undefined }

/** Additions to one e-mail. All addresses in `cc` and `bcc` are distinct, and none is the recipient's. */
export type MailExtras = {
  cc: readonly Mailbox[]
  bcc: readonly Mailbox[]
  replyTo?: Mailbox | undefined
  headers: Readonly<Record<string, string>>
  files: readonly MailFile[]
}

/** The sender of a message, as its context or tenant sets it. Absent fields are those of the account. */
export type MessageSender = {
  /** Of an e-mail. */
  mailbox?: Mailbox | undefined
  replyTo?: Mailbox | undefined
  /** Of a text message: a number, short code or sender id. */
  number?: string | undefined
}

/** Additions to a push. */
export type PushExtras = {
  /** The number of the user's unread items, for the icon of the app. */
  badge: number
  /** The token with which the device reports about this push. */
  token: string
}

/** The new texts of a push that a device still shows. `tag` is its key (`pushKey`). */
export type NewTexts = { tag: string; title?: string; body?: string }

/**
 * The content of a silent push: the unread count, the keys (`pushKey`) of the pushes to remove from the device, and the texts
 * of those whose items have been replaced.
 */
export type PushUpdate = { badge: number; withdraw: readonly string[]; replace: readonly NewTexts[] }

/** One message for one address. */
export type Outgoing = {
  tenant: string
  user: string
  channel: Channel
  notification: string
  /** The inbox item, for push services to replace an earlier push about it. Absent without an item. */
  item?: string
  type: string
  priority: Priority
  /** When the notification was delivered to the inbox, epoch ms. */
  at: number
  /** When the message becomes void, epoch ms. */
  expiresAt: number
  address: Address
  content: Content
  /** Of a digest on a webhook: the notifications that it covers. */
  listed?: Listed
  /** An idempotency key for providers that support one: equal on every attempt. 32 characters of base64url. */
  key: string
  attempt: number
  sender?: MessageSender
  /** Additions to an e-mail. A provider sends all of them, or rejects the message. */
  extras?: MailExtras
  /** Additions to a push. */
  push?: PushExtras
  /** Set for a silent push, which has no `content` and shows nothing. Only for FCM and APNs. */
  update?: PushUpdate
  /** Absolute URL for one-click unsubscription (RFC 8058); absent for messages without an unsubscribe link. */
  unsubscribeUrl?: string
}

/**
 * The outcome of one send.
 *
 * - `sent`: the provider accepted the message; `id` is its own id, if it gives one.
 * - `retry`: not accepted, for a temporary reason. Retry after `afterMs`, if given. `scope: 'recipient'`: the reason concerns
 *   this recipient only (a device, mailbox, chat or URL). `scope: 'account'`: the provider asked the whole account (or host)
 *   to pause. Without a scope it is a fault of the provider, which the circuit breaker counts.
 * - `refused`: permanently not accepted, because of the address or the content. `forget: 'device'` if the device is gone, a
 *   suppression reason if the address is to be suppressed.
 * - `account`: not accepted because of the account (credentials, quota, permissions). Another account may succeed.
 * - `doubt`: whether it was accepted is unknown.
 *
 * `reason` is a stable word in snake case, such as `mailbox_full`; `detail` is one line of text without secrets, addresses or
 * content.
 */
export type Outcome =
  | { outcome: 'sent'; id?: string }
  | { outcome: 'retry'; reason: string; detail: string; scope?: 'recipient' | 'account'; afterMs?: number }
  | { outcome: 'refused'; reason: string; detail: string; forget?: 'device' | SuppressionReason }
  | { outcome: 'account'; reason: string; detail: string; afterMs?: number }
  | { outcome: 'doubt'; reason: string; detail: string }

/** An open account. */
export interface Sender {
  /**
   * Sends one message within the time limits of the tools; `signal` aborts it. Resolves with an outcome whatever the provider
   * does, and rejects only because of a bug. Up to `concurrency` of the provider may run at once.
   */
  send(message: Outgoing, signal: AbortSignal): Promise<Outcome>
  /**
   * Checks the account without sending a message. If it cannot send, rejects with an error that says what to do. Resolves with
   * `unchecked` if only a message could show whether it works.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most providers resolve with nothing
  verify(): Promise<void | 'unchecked'>
  close(): Promise<void>
}

/** The arguments with which a provider opens an account. */
export type Tools = {
  http: Http
  /** The tenant's VAPID keys (RFC 8292), base64url. */
  vapid: { publicKey: string; privateKey: string }
  tenant: string
  account: string
  /** The public URL of the hub, for callbacks; absent if it is not set. */
  publicUrl?: string
  /** Development only: accepts captured messages. */
  capture?: Capture
}

/** A provider's report on a message (`id` as in `sent`), or on an address to suppress or restore. */
export type Report = {
  id?: string
  state?: 'delivered' | 'failed' | 'read' | 'clicked'
  reason?: string
  /** When it happened, by the provider's clock, epoch ms. */
  at: number
  suppress?: { channels: Channel[]; address: string; reason: SuppressionReason }
  restore?: { channels: Channel[]; address: string }
}

export type CallbackRequest = {
  method: string
  /** The public URL that the provider called, with its query. */
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

/** `reports` may be applied repeatedly and in any order. The response is `answer`, or else 204. */
export type CallbackResult = { reports: Report[]; answer?: { status: number; type?: string; body: string } }

/** One provider. Each has a file in dispatcher/src/channels. */
export type Provider<Config = unknown> = {
  /** The name by which accounts select it. */
  name: string
  channels: readonly Channel[]
  /** The schema of an account's `config`, validated when the account is stored. */
  config: z.ZodType<Config>
  /** Whether a repeated send is deduplicated by the provider or the device. */
  repeatable: boolean
  /** Maximum concurrent sends of one account in one dispatcher. */
  concurrency: number
  /**
   * Returns the kind of address that a channel needs: an e-mail address, phone number or device, or the
   * account's own.
   */
  needs(channel: Channel, config: Config): Address['kind']
  open(config: Config, tools: Tools): Sender
  /** Verifies and reads a callback. Throws a ProblemError `forbidden` if it is not signed by the provider. */
  callback?(request: CallbackRequest, config: Config, tools: Tools): Promise<CallbackResult>
  /** Maximum length of a callback body, in bytes; 256 KiB if absent. */
  callbackMaxBytes?: number
}

/** All providers by name. */
// biome-ignore lint/suspicious/noExplicitAny: each provider has a config of its own, which only it reads
export type Providers = ReadonlyMap<string, Provider<any>>
