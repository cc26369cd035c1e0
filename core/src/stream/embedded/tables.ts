import type { Lane } from '@carillon/schemas'
import type Libsql from 'libsql'
import { LANES } from '../lanes.ts'
import type { Message } from '../port.ts'

/**
 * `stream_messages` holds what lanes have not finished: `due` is 0 for a message that waits its turn or is in
 * hand, else when it may be delivered again (epoch ms); `deliveries` counts those that ended. `stream_lanes` says
 * up to which sequence this run has handed a lane's messages out. Sequences are never used twice.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS stream_messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL,
    dedupe TEXT, appended INTEGER NOT NULL, deliveries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS stream_messages_lane ON stream_messages (lane, due);
  CREATE TABLE IF NOT EXISTS stream_lanes (lane TEXT PRIMARY KEY, delivered INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stream_schedules (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
    lane TEXT NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS stream_schedules_at ON stream_schedules (at);
  CREATE TABLE IF NOT EXISTS stream_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, data BLOB NOT NULL, appended INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS stream_dedupe (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL, at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS stream_dead (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, lane TEXT NOT NULL,
    subject TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, data BLOB NOT NULL,
    truncated INTEGER NOT NULL, origin INTEGER NOT NULL, buried INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS stream_dead_tenant ON stream_dead (tenant);
`

export type Row = {
  sequence: number
  subject: string
  /** libsql's `all` gives blobs as ArrayBuffer. */
  data: ArrayBuffer
  dedupe: string | null
  appended: number
  deliveries: number
}

/**
 * Makes the tables and settles what the last run left behind: what it had in hand counts as delivered, and all
 * lanes begin at their oldest message.
 */
export const openTables = (handle: Libsql.Database): void => {
  handle.exec(TABLES)
  const inHand = handle.prepare(`
    UPDATE stream_messages SET deliveries = deliveries + 1
    WHERE lane = ? AND due = 0 AND sequence <= (SELECT delivered FROM stream_lanes WHERE lane = ?)`)
  const rewind = handle.prepare('DELETE FROM stream_lanes')
  handle.transaction(() => {
    for (const lane of LANES) inHand.run(lane, lane)
    rewind.run()
  })()
}

export const messageOf = (lane: Lane, row: Row): Message => ({
  lane,
  subject: row.subject,
  data: new Uint8Array(row.data),
  sequence: row.sequence,
  appendedAt: row.appended,
  deliveries: row.deliveries + 1,
  ...(row.dedupe !== null && { dedupe: row.dedupe }),
})
