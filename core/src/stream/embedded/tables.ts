import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import { readHeaders } from '../headers.ts'
import { DEDUPE_WINDOW_MS, type Message } from '../port.ts'
import { QUEUES } from '../queues.ts'

/** Sequences are below this; a place is the queue's number times SPAN plus the sequence. */
const SPAN = 2 ** 46

/**
 * `stream_messages`: unfinished messages, clustered by `place` (queue and sequence), with no further index because each
 * message is written and removed once. `due` is 0 for a waiting or held message, else the time of its redelivery (epoch ms).
 * `deliveries` counts finished deliveries. `stream_queues`: the last place of each queue handed out in this run.
 * `stream_last`: the last sequences used; none is reused. `stream_dedupe`: deduplication ids by window.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS stream_messages (
    place INTEGER PRIMARY KEY, subject TEXT NOT NULL, data BLOB NOT NULL, dedupe TEXT, headers TEXT,
    appended INTEGER NOT NULL, deliveries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0,
    queue INTEGER AS (place / ${SPAN})
  );
  CREATE INDEX IF NOT EXISTS stream_messages_due ON stream_messages (queue, due) WHERE due > 0;
  CREATE TABLE IF NOT EXISTS stream_queues (queue INTEGER PRIMARY KEY, delivered INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS stream_last (message INTEGER NOT NULL, event INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS stream_schedules (
    sequence INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
    queue TEXT NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS stream_schedules_at ON stream_schedules (at);
  CREATE TABLE IF NOT EXISTS stream_events (
    sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, data BLOB NOT NULL, appended INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS stream_dedupe (
    window INTEGER NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (window, id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stream_dead (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, queue TEXT NOT NULL,
    subject TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, data BLOB NOT NULL,
    headers TEXT, truncated INTEGER NOT NULL, origin INTEGER NOT NULL, dead_lettered INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS stream_dead_tenant ON stream_dead (tenant);
`

/** Places of a queue lie between its start and its end, both exclusive. */
export const start = (queue: Queue): number => QUEUES.indexOf(queue) * SPAN

export const end = (queue: Queue): number => start(queue) + SPAN

export const placeOf = ({ queue, sequence }: { queue: Queue; sequence: number }): number =>
  start(queue) + sequence

/**
 * Returns the deduplication window of a time. Lookups also check the neighboring windows, because clocks can
 * be set back.
 */
export const windowOf = (at: number): number => Math.floor(at / DEDUPE_WINDOW_MS)

export type Row = {
  place: number
  subject: string
  /** libsql returns blobs as ArrayBuffer. */
  data: ArrayBuffer
  dedupe: string | null
  headers: string | null
  appended: number
  deliveries: number
}

/**
 * Creates the tables and recovers from the last run: messages that it held count as delivered, and every queue starts at
 * its oldest message.
 */
export const openTables = (handle: Libsql.Database): void => {
  handle.exec(TABLES)
  const inHand = handle.prepare(`
    UPDATE stream_messages SET deliveries = deliveries + 1
    WHERE due = 0 AND place > ? AND place <= (SELECT delivered FROM stream_queues WHERE queue = ?)`)
  handle.transaction(() => {
    for (const [number, queue] of QUEUES.entries()) inHand.run(start(queue), number)
    handle.exec('DELETE FROM stream_queues')
    handle.exec('INSERT INTO stream_last SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM stream_last)')
  })()
}

export const sequenceOf = ({ place }: Pick<Row, 'place'>): number => place % SPAN

export const messageOf = (queue: Queue, row: Row): Message => {
  const headers = readHeaders(row.headers)
  return {
    queue,
    subject: row.subject,
    data: new Uint8Array(row.data),
    sequence: sequenceOf(row),
    appendedAt: row.appended,
    deliveries: row.deliveries + 1,
    ...(row.dedupe !== null && { dedupe: row.dedupe }),
    ...(headers && { headers }),
  }
}
