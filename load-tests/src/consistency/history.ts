import type { ProblemCode } from '@carillon/schemas'

/** The required outcome of a notification. */
export type Fate =
  /** Accepted, and stored once in exactly these inboxes. */
  | { kind: 'delivered'; recipients: readonly string[] }
  /** Accepted by the event log and then rejected: one dead letter with this tenant token and reason. */
  | { kind: 'dead-lettered'; tenant: string; code: ProblemCode }
  /** Rejected before it is stored: with this problem over HTTP, or without a PubAck (no code) over NATS. */
  | { kind: 'rejected'; code?: ProblemCode }

/** A notification, identified by a key in its content. */
export type Entry = { key: string; title: string; fate: Fate }

/** The producer's view of an attempt: `unknown` is a notification that was sent but never answered. */
export type Attempt = { result: 'ok' } | { result: 'unknown' } | { result: 'refused'; code?: ProblemCode }

/** Records what producers sent and which responses they got, as in Jepsen's set test. */
export const createHistory = (entries: readonly Entry[]) => {
  const attempts = new Map<string, Attempt>()

  /** A success is final: a later failure to repeat the notification does not replace it. */
  const settle = (key: string, attempt: Attempt) => {
    if (attempts.get(key)?.result !== 'ok') attempts.set(key, attempt)
  }
  return {
    entries: new Map(entries.map((entry) => [entry.key, entry])),
    attempts: attempts as ReadonlyMap<string, Attempt>,
    /** The keys of notifications that must be rejected. */
    rejected: entries.filter(({ fate }) => fate.kind === 'rejected').map(({ key }) => key),
    attempt: (key: string) => {
      if (!attempts.has(key)) attempts.set(key, { result: 'unknown' })
    },
    ok: (key: string) => settle(key, { result: 'ok' }),
    refused: (key: string, code?: ProblemCode) => settle(key, { result: 'refused', code }),
    /** Returns the keys of all accepted notifications of a user. */
    acceptedFor: (user: string): string[] =>
      entries.flatMap(({ key, fate }) =>
        fate.kind === 'delivered' && attempts.get(key)?.result === 'ok' && fate.recipients.includes(user)
          ? [key]
          : [],
      ),
  }
}

export type History = ReturnType<typeof createHistory>
