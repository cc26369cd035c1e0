import type { ProblemCode, Queue } from '@carillon/schemas'
import type { Headers } from './headers.ts'

/** A message to append to the event log. Subjects come from the builders in `@carillon/schemas`. */
export type OutgoingMessage = {
  subject: string
  data: Uint8Array
  /**
   * Appended once within DEDUPE_WINDOW_MS among the messages of its family, however often it is published. Must be bound
   * to the tenant and the purpose. Not for `notify` subjects, where other publishers choose such ids too: there the log
   * dedupes for NOTIFY_WINDOW_MS at most.
   */
  dedupe?: string
  /** Goes with a message that is not scheduled. */
  headers?: Headers
  /**
   * Wait until then (epoch ms) before it reaches its queue. `key`, a schedule subject, names the waiting
   * message: publishing to it again replaces it, `cancel` removes it.
   */
  schedule?: { at: number; key: string }
}

/** `duplicate`: the log already held a message with this `dedupe`, and nothing was appended. */
export type Published = { sequence: number; duplicate: boolean }

/** A message taken from a queue. */
export type Message = {
  queue: Queue
  subject: string
  data: Uint8Array
  /** The publisher's own `Nats-Msg-Id`, if any. */
  dedupe?: string
  /** Those that belong to the message: see `isKept`. */
  headers?: Headers
  /** Position in the log: with `appendedAt` and `origin`, the same on every delivery and never used twice. */
  sequence: number
  /** Which part of the log it stands in, where there are several; absent for the shared one. */
  origin?: string
  /** When the log took it, epoch ms; the same on every delivery. */
  appendedAt: number
  /** 1 on the first delivery. */
  deliveries: number
}

export type DeadReason = { code: ProblemCode; detail: string }

/** A message that could not be accepted. `data` and `headers` are what arrived; `truncated` if that was too much. */
export type DeadLetter = {
  sequence: number
  tenant: string
  queue: Queue
  subject: string
  reason: DeadReason
  data: Uint8Array
  headers?: Headers
  truncated: boolean
  /** Where it stood in its queue's log. */
  origin: number
  deadLetteredAt: number
}

/** Within this time the log appends a message of ours once, and a `Nats-Msg-Id` names one notification. */
export const DEDUPE_WINDOW_MS = 10 * 60_000
/**
 * How long the log itself dedupes `notify` messages, the least that nats-server has. Its window covers all tenants, so
 * within it one publisher's `Nats-Msg-Id` can swallow another's message.
 */
export const NOTIFY_WINDOW_MS = 100
/** How long an unacknowledged message stays with a process that died. Living holders renew it. */
export const ACK_WAIT_MS = 10_000
/** How long messages, dead letters and events are kept. */
export const RETENTION_MS = 72 * 3_600_000
export const DEAD_LETTER_MAX_BYTES = 512 * 1_024

/** One queue, being read. Holds at most `buffer` unacknowledged messages in memory. */
export interface Reader {
  readonly queue: Queue
  /** How many messages `take` would give now. */
  readonly ready: number
  /** Up to `max` messages, at once; oldest first within a queue's first deliveries. Each must be acked, retried or buried. */
  take(max: number): Message[]
  /** Calls back whenever `ready` grows from 0. One listener. */
  onReady(listener: () => void): void
  /** Done with them, for good. */
  ack(messages: readonly Message[]): Promise<void>
  /** Delivered again, to any reader of the queue, after the delay. Counts as a delivery. */
  retry(messages: readonly Message[], delayMs: number): Promise<void>
  /** Copies each into the dead letters, durably, and only then removes it from the queue. */
  deadLetter(messages: readonly { message: Message; reason: DeadReason }[]): Promise<void>
  /** Stops reading and gives back what was not taken. Taken messages can still be acked until the stream closes. */
  close(): Promise<void>
}

/**
 * The durable event log.
 *
 * - `publish` resolves when every message is durable, in order per subject; on rejection any of them may have
 *   been appended, so callers repeat with the same `dedupe`. A full log rejects with `stream_full`; a log out of
 *   reach with UnavailableError. It never waits without end.
 * - At least once: a message is redelivered until it is acked or buried; after a crash, within ACK_WAIT_MS.
 *   A message held by a living reader is not redelivered, however long it takes.
 * - Several processes may read one queue; each message goes to one of them at a time.
 * - While the log is out of reach, readers deliver nothing and resume by themselves.
 */
export interface Stream {
  publish(messages: readonly OutgoingMessage[]): Promise<Published[]>
  /** Removes waiting messages by their schedule key. Unknown keys are no error. */
  cancel(keys: readonly string[]): Promise<void>
  read(queue: Queue, options: { buffer: number }): Promise<Reader>
  /** Dead letters, oldest first, from a sequence on. Without a tenant, all, including those of unknown tenants (`_`). */
  deadLetters(query: { tenant?: string; from?: number; limit: number }): Promise<DeadLetter[]>
  /** One dead letter; undefined when there is none, or it is another tenant's. */
  deadLetter(tenant: string, sequence: number): Promise<DeadLetter | undefined>
  /** Takes a dead letter away. One that is gone already is no error. */
  removeDeadLetter(sequence: number): Promise<void>
  /** Messages each queue has not finished, waiting or in hand. */
  backlog(): Promise<Map<Queue, number>>
  /** Rejects with UnavailableError when the log cannot be used now. */
  check(): Promise<void>
  close(): Promise<void>
}
