import type { Action, Actor, Channel, Device, Priority, SuppressionReason } from '@carillon/schemas'
import type { z } from 'zod'
import type { Http } from '../http/port.ts'
import type { Capture } from './captured.ts'

/** Where one message goes. `account`: to the place the account itself names, such as an incoming webhook. */
export type Address =
  | { kind: 'email'; email: string; name?: string }
  | { kind: 'phone'; phone: string }
  | { kind: 'device'; id: string; device: Device }
  | { kind: 'account' }

/** What a message says; links are absolute, or absent when there is nothing to make them so. */
export type Content = {
  title?: string
  body?: string
  url?: string
  image?: string
  actions?: readonly Action[]
  actor?: Actor
  category?: string
  tags?: readonly string[]
  data?: Record<string, unknown>
}

/** One message for one address. */
export type Outgoing = {
  tenant: string
  user: string
  channel: Channel
  notification: string
  /** The inbox item, for push services to replace what they show of it. Absent for one-time passwords. */
  item?: string
  type: string
  priority: Priority
  /** When the notification was delivered to the inbox, epoch ms. */
  at: number
  /** Worthless from then on, epoch ms. */
  expiresAt: number
  address: Address
  content: Content
  /** The same on every attempt: an idempotency key where the provider takes one. 32 characters of base64url. */
  key: string
  attempt: number
  /** Absolute, for one click (RFC 8058); absent for what cannot be unsubscribed from. */
  unsubscribeUrl?: string
}

/**
 * What became of a message.
 *
 * - `sent`: the provider has taken it; `id` is its own id, if it gives one.
 * - `retry`: not taken, for a reason that passes; not before `afterMs` if the provider said so. `scope: 'recipient'`: the
 *   reason concerns this recipient alone (a device, mailbox, chat or URL), and other messages are sent as before.
 *   `scope: 'account'`: the provider asked the whole account (or host) to pause. Without a scope it is a fault of the
 *   provider, which its circuit breaker counts.
 * - `refused`: not taken, and never will be: the address or the content is at fault. `forget: 'device'` when the device
 *   is gone, a suppression reason when the address must not be written to again.
 * - `account`: not taken, because of the account itself (credentials, quota, permissions): another one may.
 * - `doubt`: it may or may not have been taken.
 *
 * `reason` is a stable word in snake case, such as `mailbox_full`; `detail` is for people, one line, without secrets,
 * addresses or content.
 */
export type Outcome =
  | { outcome: 'sent'; id?: string }
  | { outcome: 'retry'; reason: string; detail: string; scope?: 'recipient' | 'account'; afterMs?: number }
  | { outcome: 'refused'; reason: string; detail: string; forget?: 'device' | SuppressionReason }
  | { outcome: 'account'; reason: string; detail: string; afterMs?: number }
  | { outcome: 'doubt'; reason: string; detail: string }

/** One account, ready to send. */
export interface Sender {
  /**
   * Ends by itself within the time limits of the tools; `signal` ends it sooner. Resolves with an outcome whatever the
   * provider does; rejects only for a fault of ours. Any number may run at once, up to the spec's `concurrency`.
   */
  send(message: Outgoing, signal: AbortSignal): Promise<Outcome>
  /** Rejects, with what to do about it, when the account cannot send; sends nothing to anybody. */
  verify(): Promise<void>
  close(): Promise<void>
}

/** What senders are given to work with. */
export type Tools = {
  http: Http
  /** The tenant's VAPID keys (RFC 8292), base64url. */
  vapid: { publicKey: string; privateKey: string }
  tenant: string
  account: string
  /** Where the hub is reached from outside, for callbacks; absent when the operator has not said. */
  publicUrl?: string
  /** Development only: takes what would have been sent. */
  capture?: Capture
}

/** A provider's report. `id` is what `sent` gave; `to` an address to suppress or take off the list. */
export type Report = {
  id?: string
  state?: 'delivered' | 'failed' | 'read' | 'clicked'
  reason?: string
  /** When it happened there, epoch ms. */
  at: number
  suppress?: { channels: Channel[]; address: string; reason: SuppressionReason }
  restore?: { channels: Channel[]; address: string }
}

export type CallbackRequest = {
  method: string
  /** As the provider called it: the public URL with its query. */
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

/** `reports` are applied idempotently and in any order; `answer` is given back, 204 without one. */
export type CallbackResult = { reports: Report[]; answer?: { status: number; type?: string; body: string } }

/** A way to deliver: everything Carillon knows of one provider. One file each in dispatcher/src/channels. */
export type Provider<Config = unknown> = {
  /** As accounts name it. */
  name: string
  channels: readonly Channel[]
  /** What an account's `config` holds, checked when the account is stored. */
  config: z.ZodType<Config>
  /** Whether sending again what is in doubt does no harm: the provider, or the device, keeps one of the two. */
  repeatable: boolean
  /** Sends of one account that run at once in one dispatcher. */
  concurrency: number
  /** Which address it needs for a channel: the user's e-mail, phone or device, or what the account names. */
  needs(channel: Channel, config: Config): Address['kind']
  open(config: Config, tools: Tools): Sender
  /** Reads what the provider reports. Throws a ProblemError `forbidden` for what it has not signed. */
  callback?(request: CallbackRequest, config: Config, tools: Tools): Promise<CallbackResult>
  /** The longest body of a callback, in bytes; 256 KiB if absent. */
  callbackMaxBytes?: number
}

/** All providers by name. */
// biome-ignore lint/suspicious/noExplicitAny: each provider has a config of its own, which only it reads
export type Providers = ReadonlyMap<string, Provider<any>>
