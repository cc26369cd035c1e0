import { types } from 'cassandra-driver'
import type { NewItem } from '../ports/inbox.ts'
import { refOf } from './contents.ts'
import { MONTH_MS } from './inbox-row.ts'
import type { Session, Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

/**
 * Returns the write timestamp of an item in µs: the time of acceptance, minus 1 µs for every ms between
 * acceptance and `place`. So the first delivery wins, in any order of writes. Equal timestamps would not
 * work: of two expiring cells, Cassandra keeps the one that expires later, and TTLs differ by rounding.
 */
const writtenAt = (accepted: number, place: number): number => accepted * 1_000 - (place - accepted)

/** An item to write. `content` is null if it is stored apart. */
export type Prepared = {
  item: NewItem
  accepted: number
  /** The month of `accepted`, which is the partition of the item row. */
  month: number
  content: string | null
  labels: string | undefined
  /** The stored names under which it is found. */
  names: readonly string[]
}

/** Builds the statements that write an item and its log row. */
export const createRowStatements = (session: Session, retention: number) => {
  const inbox = session.table('inbox')
  const insertGroup = `INSERT INTO ${session.table('inbox_groups')} (tenant, user, name, place, id) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  const insertItem = `INSERT INTO ${inbox} (tenant, user, month, place, id, stored_at, expires_at, labels, content, ref)
    VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  const insertLog = `INSERT INTO ${inbox} (tenant, user, month, place, id) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  /** One prepared statement costs the driver and Cassandra less than a batch of two. */
  const insertBoth = `BEGIN UNLOGGED BATCH ${insertLog}; ${insertItem}; APPLY BATCH`

  const keptUntil = ({ expiresAt }: NewItem, now: number) => Math.min(expiresAt, now + retention + MONTH_MS)
  const ttlOf = (item: NewItem, now: number) => ttlUntil(keptUntil(item, now), now)

  const logRow = ({ item, accepted }: Prepared, place: number, month: number): Statement => ({
    query: insertLog,
    params: [
      ...[item.tenant, item.user, month, place, item.id],
      ...[writtenAt(accepted, place), ttlOf(item, place)],
    ],
  })
  const itemRow = ({ item, accepted, month, content, labels }: Prepared, place: number): Statement => ({
    query: insertItem,
    params: [
      ...[item.tenant, item.user, month, item.id, place, item.expiresAt],
      ...[
        labels ?? types.unset,
        content ?? types.unset,
        content === null ? refOf(item.content.notification, item.rendering) : types.unset,
      ],
      ...[writtenAt(accepted, place), ttlOf(item, place)],
    ],
  })

  /** The places of an item in its group, among the items of its entity, and among the announced items. */
  const groupRows = ({ item, accepted, names }: Prepared, place: number): Statement[] =>
    names.map((name) => ({
      query: insertGroup,
      params: [
        ...[item.tenant, item.user, name, place, item.id],
        ...[writtenAt(accepted, place), ttlOf(item, place)],
      ],
    }))

  const bothRows = (each: Prepared, place: number): Statement => ({
    query: insertBoth,
    params: logRow(each, place, each.month).params.concat(itemRow(each, place).params),
  })

  return { keptUntil, logRow, itemRow, bothRows, groupRows }
}
