import type { Counts, ProblemCode } from '@carillon/schemas'

/** What has to become of a notification. */
export type Fate =
  /** Accepted: in exactly these inboxes, once. */
  | { kind: 'delivered'; recipients: readonly string[] }
  /** Taken by the event log, then refused: one dead letter, filed under this tenant token, with this reason. */
  | { kind: 'buried'; tenant: string; code: ProblemCode }
  /** Refused before anything has it: with this problem over HTTP, without a PubAck (no code) over NATS. */
  | { kind: 'turned away'; code?: ProblemCode }

/** One notification, known by a key that travels inside it. */
export type Entry = { key: string; title: string; fate: Fate }

export type Row = { user: string; id: string; key: string; title?: string; unread: boolean; unseen: boolean }
export type Letter = { key: string; tenant: string; code: ProblemCode }

/** What one connected person was shown. `announced` and `received` repeat an id as often as it came. */
export type ClientView =
  | { kind: 'sdk'; user: string; ids: readonly string[]; counts: Counts; announced: readonly string[] }
  | { kind: 'raw'; user: string; received: readonly string[] }

/** Everything there is at the end, found by looking, not by asking the producer. */
export type Observation = {
  /** Every row of every inbox of the tenant. */
  rows: readonly Row[]
  letters: readonly Letter[]
  /** What the store counts, by user. */
  counts: ReadonlyMap<string, Counts>
  clients: readonly ClientView[]
}

export const FAILINGS = [
  'lost',
  'duplicate',
  'phantom',
  'wrong inbox',
  'wrong content',
  'dead letter',
  'acceptance',
  'counts',
  'client',
] as const
export type Failing = (typeof FAILINGS)[number]

export type Verdict = {
  /** How often each promise was broken, and the first examples of each. */
  failings: Record<Failing, { count: number; examples: string[] }>
  ok: boolean
  /** Rows there had to be, and were. */
  expected: number
  rows: number
  letters: number
  /** Notifications without an answer to the last: in an inbox or not, both are right. */
  unknown: number
  /** Live messages that raw clients did not get, and that they got again. Not failings: live is at most once. */
  liveMissed: number
  liveRepeated: number
}

type Outcome = { sent: 'ok' } | { sent: 'unknown' } | { sent: 'refused'; code?: ProblemCode }

const EXAMPLES = 5

const repeated = (ids: readonly string[]) => ids.length - new Set(ids).size

/**
 * The set model of Jepsen's tests: the producer logs what it attempted and what was acknowledged; after faults have
 * healed, that is compared with all there is. `lost = ok − inboxes`, `phantom = inboxes − attempts`,
 * `duplicate = rows − distinct (notification, user)`.
 */
export const createLedger = (entries: readonly Entry[]) => {
  const known = new Map(entries.map((entry) => [entry.key, entry]))
  const outcomes = new Map<string, Outcome>()

  const judge = ({ rows, letters, counts, clients }: Observation): Verdict => {
    const failings = Object.fromEntries(
      FAILINGS.map((failing) => [failing, { count: 0, examples: [] as string[] }]),
    ) as Verdict['failings']
    const fail = (failing: Failing, example: string) => {
      const each = failings[failing]
      if (each.count++ < EXAMPLES) each.examples.push(example)
    }

    /** How often each user has each notification. */
    const found = new Map<string, Map<string, number>>()
    const inboxes = new Map<string, Row[]>()
    for (const row of rows) {
      const { key, user } = row
      const users = found.get(key) ?? new Map<string, number>()
      users.set(user, (users.get(user) ?? 0) + 1)
      found.set(key, users)
      const inbox = inboxes.get(user)
      if (inbox) inbox.push(row)
      else inboxes.set(user, [row])
      const entry = known.get(key)
      if (!entry || !outcomes.has(key) || entry.fate.kind !== 'delivered')
        fail('phantom', `${key} is in the inbox of ${user}`)
      else if (entry.title !== row.title) fail('wrong content', `${key} for ${user} says ${row.title}`)
    }
    const lettersOf = new Map<string, Letter[]>()
    for (const letter of letters) {
      const { key, code } = letter
      lettersOf.set(key, [...(lettersOf.get(key) ?? []), letter])
      if (known.get(key)?.fate.kind !== 'buried') fail('dead letter', `${key} is dead: ${code}`)
    }

    let expected = 0
    for (const { key, fate } of known.values()) {
      const outcome = outcomes.get(key)
      if (!outcome) continue
      const ok = outcome.sent === 'ok'
      if (fate.kind === 'turned away') {
        if (outcome.sent !== 'refused') fail('acceptance', `${key} was not refused`)
        else if (outcome.code !== fate.code)
          fail('acceptance', `${key} was refused with ${outcome.code}, not ${fate.code}`)
        continue
      }
      if (outcome.sent === 'refused') fail('acceptance', `${key} was refused: ${outcome.code ?? 'no PubAck'}`)
      if (fate.kind === 'buried') {
        const dead = lettersOf.get(key) ?? []
        if (dead.length > 1 || (ok && dead.length === 0))
          fail('dead letter', `${key} has ${dead.length} dead letters`)
        for (const { code, tenant } of dead)
          if (code !== fate.code || tenant !== fate.tenant)
            fail(
              'dead letter',
              `${key} died of ${code} under ${tenant}, not ${fate.code} under ${fate.tenant}`,
            )
        continue
      }
      const users = found.get(key) ?? new Map<string, number>()
      if (ok) expected += fate.recipients.length
      // Without an answer it may be nowhere, but not in some of its inboxes.
      const due = ok || users.size > 0
      for (const user of fate.recipients) {
        const times = users.get(user) ?? 0
        if (times > 1) fail('duplicate', `${user} has ${key} ${times} times`)
        if (times === 0 && due) fail('lost', `${user} does not have ${key}`)
        users.delete(user)
      }
      for (const user of users.keys()) fail('wrong inbox', `${user} has ${key}`)
    }

    for (const [user, { unread, unseen }] of counts) {
      const inbox = inboxes.get(user) ?? []
      const scanned = {
        unread: inbox.filter((row) => row.unread).length,
        unseen: inbox.filter((row) => row.unseen).length,
      }
      if (scanned.unread !== unread || scanned.unseen !== unseen)
        fail(
          'counts',
          `${user}: ${unread} unread and ${unseen} unseen, but rows say ${JSON.stringify(scanned)}`,
        )
    }

    let liveMissed = 0
    let liveRepeated = 0
    for (const client of clients) {
      const { user } = client
      const inbox = new Set((inboxes.get(user) ?? []).map(({ id }) => id))
      const shown = client.kind === 'sdk' ? [...client.ids, ...client.announced] : client.received
      const strange = shown.filter((id) => !inbox.has(id))
      if (strange.length > 0) fail('client', `${user} was shown ${strange[0]}, which is not in the inbox`)
      if (client.kind === 'raw') {
        liveMissed += inbox.size - (new Set(client.received).size - new Set(strange).size)
        liveRepeated += repeated(client.received)
        continue
      }
      const ids = new Set(client.ids)
      const missing = [...inbox].filter((id) => !ids.has(id))
      if (missing.length > 0) fail('client', `${user} is not shown ${missing.length} items`)
      if (repeated(client.ids) > 0) fail('client', `${user} is shown an item twice`)
      if (repeated(client.announced) > 0) fail('client', `an item was announced to ${user} twice`)
      const server = counts.get(user)
      if (server?.unread !== client.counts.unread || server.unseen !== client.counts.unseen)
        fail('client', `${user} is shown ${JSON.stringify(client.counts)}, not ${JSON.stringify(server)}`)
    }

    return {
      failings,
      ok: FAILINGS.every((failing) => failings[failing].count === 0),
      expected,
      rows: rows.length,
      letters: letters.length,
      unknown: [...outcomes.values()].filter(({ sent }) => sent === 'unknown').length,
      liveMissed,
      liveRepeated,
    }
  }

  /** An answer is for good: a later failure to repeat it changes nothing. */
  const settle = (key: string, outcome: Outcome) => {
    if (outcomes.get(key)?.sent !== 'ok') outcomes.set(key, outcome)
  }
  return {
    /** The keys that nothing may take. */
    turnedAway: entries.filter(({ fate }) => fate.kind === 'turned away').map(({ key }) => key),
    attempt: (key: string) => {
      if (!outcomes.has(key)) outcomes.set(key, { sent: 'unknown' })
    },
    ok: (key: string) => settle(key, { sent: 'ok' }),
    refused: (key: string, code?: ProblemCode) => settle(key, { sent: 'refused', code }),
    /** The keys that this user must have by now. */
    due: (user: string): string[] =>
      [...known.values()].flatMap(({ key, fate }) =>
        fate.kind === 'delivered' && outcomes.get(key)?.sent === 'ok' && fate.recipients.includes(user)
          ? [key]
          : [],
      ),
    judge,
  }
}

export type Ledger = ReturnType<typeof createLedger>
