import type { ProblemCode, Queue, WaitReason } from '@carillon/schemas'
import type { CheckedNotification } from '../notification/checked.ts'
import type { Headers } from './headers.ts'

/** A message to append to the event log. Subjects come from the builders in `@carillon/schemas`. */
export type OutgoingMessage = {
  subject: string
  data: Uint8Array
  /**
   * Deduplication id: the log appends one message per id and family within DEDUPE_WINDOW_MS. The id must name
   * the tenant and the purpose. Not for `notify` subjects, whose publishers choose ids too; for these the log
   * deduplicates for NOTIFY_WINDOW_MS only.
   */
  dedupe?: string
  /** Only for messages without a schedule. */
  headers?: Headers
  /**
   * Delivers the message to its queue at `at` (epoch ms). `key`, a schedule subject, identifies the waiting message:
   * publishing with the same key replaces it, `cancel` removes it.
   */
  schedule?: { at: number; key: string }
  /**
   * The notification in `data`, as its publisher has checked it. A log in the same process may hand the message to a reader at
   * once. `publish` then resolves when it is acked or appended, so it is as durable as any other.
   */
  checked?: CheckedNotification
}

/** `duplicate`: the log already held a message with this `dedupe` and appended nothing. */
export type Published = { sequence: number; duplicate: boolean }

/** A message taken from a queue. */
export type Message = {
  queue: Queue
  subject: string
  data: Uint8Array
  /** The publisher's own `Nats-Msg-Id`, if any. */
  dedupe?: string
  /** The headers that `isKept` keeps. */
  headers?: Headers
  /** Position in the log. Together with `appendedAt` and `origin` it identifies the message on every delivery. */
  sequence: number
  /** The stream that holds the message, if the tenant has its own; absent for the shared stream. */
  origin?: string
  /** When the log appended it, epoch ms. The same on every delivery. */
  appendedAt: number
  /** 1 on the first delivery. */
  deliveries: number
  /** The notification in `data`, if it was published in this process and handed over directly. */
  checked?: CheckedNotification
}

export type DeadReason = { code: ProblemCode; detail: string }

/** A message that could not be processed. `data` and `headers` are as published; `truncated` if they exceeded the limit. */
export type DeadLetter = {
  sequence: number
  tenant: string
  queue: Queue
  subject: string
  reason: DeadReason
  data: Uint8Array
  headers?: Headers
  truncated: boolean
  /** Its sequence in the log. */
  origin: number
  deadLetteredAt: number
}

/** Deduplication window for Carillon's own messages, and for a publisher's `Nats-Msg-Id`, in ms. */
export const DEDUPE_WINDOW_MS = 10 * 60_000
/**
 * Deduplication window of the log for `notify` messages, in ms: the minimum of nats-server. It applies across
 * tenants, so one publisher's `Nats-Msg-Id` can suppress another publisher's message within it.
 */
export const NOTIFY_WINDOW_MS = 100
/** Time until a message of a dead process is redelivered, in ms. Live readers extend it. */
export const ACK_WAIT_MS = 10_000
/** Retention of messages, dead letters and events. */
export const RETENTION_MS = 72 * 3_600_000
export const DEAD_LETTER_MAX_BYTES = 512 * 1_024

/**
 * `scheduled`: the number of scheduled messages by reason. `oldest`: when the oldest unfinished message of each queue was
 * appended or due, epoch ms; absent for an empty queue.
 */
export type Waiting = { scheduled: Map<WaitReason, number>; oldest: Map<Queue, number> }

/** Reads one queue. Keeps at most `buffer` unacknowledged messages in memory. */
export interface Reader {
  readonly queue: Queue
  /** Number of messages that `take` can return now. */
  readonly ready: number
  /**
   * Returns up to `max` messages without waiting, with first deliveries oldest first. Each message must be
   * acked, retried or dead-lettered.
   */
  take(max: number): Message[]
  /** Calls the listener when `ready` rises from 0. Only one listener is supported. */
  onReady(listener: () => void): void
  /** Removes the messages from the queue. */
  ack(messages: readonly Message[]): Promise<void>
  /** Redelivers the messages to any reader of the queue after the delay. Counts as a delivery. */
  retry(messages: readonly Message[], delayMs: number): Promise<void>
  /** Stores each message as a dead letter, durably, then removes it from the queue. */
  deadLetter(messages: readonly { message: Message; reason: DeadReason }[]): Promise<void>
  /** Stops reading and returns messages that were not taken. Taken messages can be acked until the stream closes. */
  close(): Promise<void>
}

/**
 * The durable event log.
 *
 * - `publish` resolves when every message is durable, in order per subject. If it rejects, any of the messages may have
 *   been appended, so callers retry with the same `dedupe`. Rejects with `stream_full` if the log is full, and with
 *   UnavailableError if it is unreachable. It always settles.
 * - Delivery is at least once: a message is redelivered until it is acked or dead-lettered; after a crash, within
 *   ACK_WAIT_MS. A message held by a live reader is not redelivered, however long processing takes.
 * - Several processes may read one queue; each message is delivered to one of them at a time.
 * - While the log is unreachable, readers deliver nothing. They resume by themselves.
 */
export interface Stream {
  publish(messages: readonly OutgoingMessage[]): Promise<Published[]>
  /** Removes scheduled messages by key. Unknown keys are ignored. Resolves with the number of removed messages. */
  cancel(keys: readonly string[]): Promise<number>
  /** Removes all scheduled messages of a group: their keys are that of the group and more tokens. Resolves as `cancel`. */
  cancelGroup(group: string): Promise<number>
  /**
   * Returns the current time of the clock that sets `appendedAt` of a tenant's `notify` messages, epoch ms. What was published
   * before the call has at most this time.
   */
  now(tenant: string): Promise<number>
  read(queue: Queue, options: { buffer: number }): Promise<Reader>
  /** Lists dead letters, oldest first, starting at a sequence. Without a tenant, lists all, including unknown tenants (`_`). */
  deadLetters(query: { tenant?: string; from?: number; limit: number }): Promise<DeadLetter[]>
  /** Returns a dead letter; undefined if it does not exist or belongs to another tenant. */
  deadLetter(tenant: string, sequence: number): Promise<DeadLetter | undefined>
  /** Removes a dead letter. Succeeds if it does not exist. */
  removeDeadLetter(sequence: number): Promise<void>
  /** Returns the number of unfinished messages per queue, waiting or held. */
  backlog(): Promise<Map<Queue, number>>
  /** Returns what waits for its time, and what has waited for longest since. */
  waiting(): Promise<Waiting>
  /** Rejects with UnavailableError if the log is not usable now. */
  check(): Promise<void>
  close(): Promise<void>
}
