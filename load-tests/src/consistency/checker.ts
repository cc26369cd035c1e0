import { type Counts, countsOf, type ProblemCode } from '@carillon/schemas'
import type { Attempt, Entry, History } from './history.ts'

export type Row = { user: string; id: string; key: string; title?: string; unread: boolean; unseen: boolean }
export type Letter = { key: string; tenant: string; code: ProblemCode }

/** The items that a connected client received. `announced` and `received` contain an id once per event. */
export type ClientView =
  | {
      kind: 'sdk'
      user: string
      ids: readonly string[]
      counts: Counts
      announced: readonly string[]
      /** Whether items and counts matched the accepted notifications before the timeout. */
      settled: boolean
    }
  | { kind: 'raw'; user: string; received: readonly string[] }

/** The final state, read from the stores and clients. */
export type Observation = {
  /** Every row of every inbox of the tenant. */
  rows: readonly Row[]
  letters: readonly Letter[]
  /** The counts of the store, by user. */
  counts: ReadonlyMap<string, Counts>
  clients: readonly ClientView[]
}

export const ANOMALIES = [
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
export type Anomaly = (typeof ANOMALIES)[number]

export type Verdict = {
  /** The number of anomalies of each kind, with the first examples. */
  anomalies: Record<Anomaly, { count: number; examples: string[] }>
  ok: boolean
  /** The number of rows that had to exist. */
  expected: number
  rows: number
  letters: number
  /** Notifications that were never answered. They may be in an inbox or not. */
  unknown: number
  /** Live messages that raw clients missed or received again. Not anomalies, because live is at most once. */
  liveMissed: number
  liveRepeated: number
}

type Report = (anomaly: Anomaly, example: string) => void

const EXAMPLES_MAX = 5

const repetitions = (ids: readonly string[]) => ids.length - new Set(ids).size

/** Checks that every row belongs to a notification that was sent. Returns rows per user, and counts per key and user. */
const checkRows = (rows: readonly Row[], { entries, attempts }: History, report: Report) => {
  const copies = new Map<string, Map<string, number>>()
  const inboxes = new Map<string, Row[]>()
  for (const row of rows) {
    const { key, user } = row
    const users = copies.get(key) ?? new Map<string, number>()
    users.set(user, (users.get(user) ?? 0) + 1)
    copies.set(key, users)
    const inbox = inboxes.get(user)
    if (inbox) inbox.push(row)
    else inboxes.set(user, [row])
    const entry = entries.get(key)
    if (!entry || !attempts.has(key) || entry.fate.kind !== 'delivered')
      report('phantom', `${key} is in the inbox of ${user}`)
    else if (entry.title !== row.title)
      report('wrong content', `${key} of ${user} has the title ${row.title}`)
  }
  return { copies, inboxes }
}

const checkLetters = (key: string, found: readonly Letter[], entry: Entry, ok: boolean, report: Report) => {
  if (entry.fate.kind !== 'dead-lettered') return
  const { code, tenant } = entry.fate
  if (found.length > 1 || (ok && found.length === 0))
    report('dead letter', `${key} has ${found.length} dead letters`)
  for (const letter of found)
    if (letter.code !== code || letter.tenant !== tenant)
      report(
        'dead letter',
        `${key} has the reason ${letter.code} and tenant ${letter.tenant}, not ${code} and ${tenant}`,
      )
}

/** Checks one notification against its fate. Returns the number of rows that had to exist. */
const checkEntry = (
  entry: Entry,
  attempt: Attempt,
  { users, letters }: { users: ReadonlyMap<string, number>; letters: readonly Letter[] },
  report: Report,
): number => {
  const { key, fate } = entry
  if (fate.kind === 'rejected') {
    if (attempt.result !== 'refused') report('acceptance', `${key} was not refused`)
    else if (attempt.code !== fate.code)
      report('acceptance', `${key} was refused with ${attempt.code}, not ${fate.code}`)
    return 0
  }
  const ok = attempt.result === 'ok'
  if (attempt.result === 'refused') report('acceptance', `${key} was refused: ${attempt.code ?? 'no PubAck'}`)
  if (fate.kind === 'dead-lettered') {
    checkLetters(key, letters, entry, ok, report)
    return 0
  }
  // A notification without an answer may be in no inbox, but not in some of its inboxes.
  const mustExist = ok || users.size > 0
  const recipients = new Set(fate.recipients)
  for (const user of recipients) {
    const copies = users.get(user) ?? 0
    if (copies > 1) report('duplicate', `${user} has ${key} ${copies} times`)
    if (copies === 0 && mustExist) report('lost', `${user} does not have ${key}`)
  }
  for (const user of users.keys()) if (!recipients.has(user)) report('wrong inbox', `${user} has ${key}`)
  return ok ? fate.recipients.length : 0
}

const checkCounts = (
  counts: Observation['counts'],
  inboxes: ReadonlyMap<string, readonly Row[]>,
  report: Report,
) => {
  for (const [user, { unread, unseen, more }] of counts) {
    const inbox = inboxes.get(user) ?? []
    const scanned = countsOf(
      inbox.filter((row) => row.unread).length,
      inbox.filter((row) => row.unseen).length,
    )
    if (scanned.unread !== unread || scanned.unseen !== unseen || scanned.more !== more)
      report(
        'counts',
        `${user}: ${unread} unread, ${unseen} unseen, but the rows have ${JSON.stringify(scanned)}`,
      )
  }
}

/** Checks the items that a client showed. Returns how many live messages it missed and how many were repeated. */
const checkClient = (
  client: ClientView,
  inbox: ReadonlySet<string>,
  counts: Counts | undefined,
  report: Report,
): { missed: number; repeated: number } => {
  const { user } = client
  const shown = client.kind === 'sdk' ? [...client.ids, ...client.announced] : client.received
  const unknown = shown.filter((id) => !inbox.has(id))
  if (unknown.length > 0) report('client', `${user} was shown ${unknown[0]}, which is not in the inbox`)
  if (client.kind === 'raw')
    return {
      missed: inbox.size - (new Set(client.received).size - new Set(unknown).size),
      repeated: repetitions(client.received),
    }
  const ids = new Set(client.ids)
  const missing = [...inbox].filter((id) => !ids.has(id))
  if (missing.length > 0) report('client', `${user} is not shown ${missing.length} items`)
  if (!client.settled) report('client', `${user} was not shown a consistent inbox in time`)
  if (repetitions(client.ids) > 0) report('client', `${user} is shown an item twice`)
  if (repetitions(client.announced) > 0) report('client', `an item was announced to ${user} twice`)
  if (counts?.unread !== client.counts.unread || counts?.unseen !== client.counts.unseen)
    report('client', `${user} is shown ${JSON.stringify(client.counts)}, not ${JSON.stringify(counts)}`)
  return { missed: 0, repeated: 0 }
}

/**
 * Compares the final state with the history, after all faults have healed, as the checker of Jepsen's set test does:
 * `lost = ok − inboxes`, `phantom = inboxes − attempts`, `duplicate = rows − distinct (notification, user)`.
 */
export const check = (history: History, { rows, letters, counts, clients }: Observation): Verdict => {
  const anomalies = Object.fromEntries(
    ANOMALIES.map((anomaly) => [anomaly, { count: 0, examples: [] as string[] }]),
  ) as Verdict['anomalies']
  const report: Report = (anomaly, example) => {
    const each = anomalies[anomaly]
    if (each.count++ < EXAMPLES_MAX) each.examples.push(example)
  }

  const { copies, inboxes } = checkRows(rows, history, report)
  const lettersOf = new Map<string, Letter[]>()
  for (const letter of letters) {
    const { key, code } = letter
    lettersOf.set(key, [...(lettersOf.get(key) ?? []), letter])
    if (history.entries.get(key)?.fate.kind !== 'dead-lettered')
      report('dead letter', `${key} is a dead letter: ${code}`)
  }
  let expected = 0
  for (const entry of history.entries.values()) {
    const attempt = history.attempts.get(entry.key)
    const found = {
      users: copies.get(entry.key) ?? new Map<string, number>(),
      letters: lettersOf.get(entry.key) ?? [],
    }
    if (attempt) expected += checkEntry(entry, attempt, found, report)
  }
  checkCounts(counts, inboxes, report)
  let liveMissed = 0
  let liveRepeated = 0
  for (const client of clients) {
    const inbox = new Set((inboxes.get(client.user) ?? []).map(({ id }) => id))
    const { missed, repeated } = checkClient(client, inbox, counts.get(client.user), report)
    liveMissed += missed
    liveRepeated += repeated
  }

  return {
    anomalies,
    ok: ANOMALIES.every((anomaly) => anomalies[anomaly].count === 0),
    expected,
    rows: rows.length,
    letters: letters.length,
    unknown: [...history.attempts.values()].filter(({ result }) => result === 'unknown').length,
    liveMissed,
    liveRepeated,
  }
}
