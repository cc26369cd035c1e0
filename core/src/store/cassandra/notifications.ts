import { HORIZON_DAYS } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { grouped, groupedSlices } from '../../group-by.ts'
import { uuid7Time } from '../../notification/ids.ts'
import type {
  Acceptance,
  AcceptanceClaim,
  NotificationProgress,
  NotificationRecord,
  Notifications,
  Recorded,
} from '../ports/notifications.ts'
import { acceptancesCell, claimsById, readAcceptances, standing, withClaim } from '../rules/acceptance.ts'
import { amendmentsOf } from '../rules/amendments.ts'
import { bucketOf } from '../rules/buckets.ts'
import { keptUntil, localChains, notificationState, recordedOf } from '../rules/notification-state.ts'
import { notificationIndex } from './notification-index.ts'
import { notificationList } from './notification-list.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

const mapOf = <K, V>(value: unknown): Map<K, V> => (value instanceof Map ? (value as Map<K, V>) : new Map())

/** Returns the record accepted first. Keys of `records` are times of acceptance, epoch ms as text. */
const first = (records: Map<string, string>): string | undefined => {
  const [earliest] = [...records.keys()].sort((a, b) => Number(a) - Number(b))
  return earliest === undefined ? undefined : records.get(earliest)
}

/** Notifications, with what other parts of the adapter need. */
export type CassandraNotifications = Notifications & {
  /** Removes a user from the index by user. */
  forget(tenant: string, user: string): Promise<void>
}

const COLUMNS = 'records, progress, finished, cancelled_at, amendments'

const progressOf = (row: types.Row): NotificationProgress | undefined => {
  const content = first(mapOf<string, string>(row.records))
  if (content === undefined) return
  const record = JSON.parse(content) as NotificationRecord
  const finished = row.finished instanceof Set ? row.finished.size : 0
  const cancelled = row.cancelled_at instanceof Date ? { cancelledAt: row.cancelled_at.getTime() } : {}
  const progress = mapOf<number, number>(row.progress)
  const chains = { finished, local: localChains(progress.keys()) }
  const state = notificationState(record, { ...chains, cancelled: row.cancelled_at !== null }, Date.now())
  const recipients = [...progress.values()].reduce((sum, reached) => sum + reached, record.direct)
  const amended = amendmentsOf(mapOf<string, string>(row.amendments).values())
  return { ...record, state, ...cancelled, ...amended, recipients }
}

const recordedIn = (row: types.Row): Recorded | undefined => {
  const content = first(mapOf<string, string>(row.records))
  return content === undefined
    ? undefined
    : recordedOf(JSON.parse(content) as NotificationRecord, row.cancelled_at !== null)
}

/** How long a cancellation is kept: as long as the record of a notification that was to be delivered as late as possible. */
const cancelledUntil = (retention: number) => Date.now() + (HORIZON_DAYS + 2) * 86_400_000 + retention

type Update = (set: string, values: unknown[], tenant: string, id: string, until: number) => Statement

/** Returns a function that builds an UPDATE of a notification. `until`: when the columns expire, epoch ms. */
const updateOf =
  (table: string): Update =>
  (set, values, tenant, id, until) => ({
    query: `UPDATE ${table} USING TTL ? SET ${set} WHERE tenant = ? AND bucket = ? AND id = ?`,
    params: [ttlUntil(until), ...values, tenant, bucketOf(id), id],
  })

/** Creates the methods that write single columns of a notification. */
const changes = (
  session: Session,
  update: Update,
  retention: number,
): Pick<Notifications, 'progress' | 'cancel' | 'amend'> => ({
  progress: (tenant, id, { chain, reached, finished }) => {
    const set = `progress[?] = ?${finished ? ', finished = finished + ?' : ''}`
    const values = [chain, reached, ...(finished ? [new Set([chain])] : [])]
    return session.write([update(set, values, tenant, id, Date.now() + retention)])
  },

  cancel: (tenant, id, at) =>
    session.write([update('cancelled_at = ?', [at], tenant, id, cancelledUntil(retention))]),

  amend: (tenant, record, key, amendment) => {
    const entry = [key, JSON.stringify(amendment)]
    return session.write([
      update('amendments[?] = ?', entry, tenant, record.id, keptUntil(record, retention)),
    ])
  },
})

/**
 * Stores the records of notifications. Records accepted within ten seconds share a partition, so that a batch
 * is one mutation. A record is an entry of a map by time of acceptance: storing it again overwrites it with
 * itself, and the earliest entry counts. Progress and cancellation are other cells.
 */
export const cassandraNotifications = (session: Session, retention: number): CassandraNotifications => {
  const table = session.table('notifications')
  const claims = session.table('claims')
  const index = notificationIndex(session, retention)
  const update = updateOf(table)

  const recorded: Notifications['recorded'] = async (tenant, ids) => {
    const found = new Map<string, Recorded>()
    const query = `SELECT id, records, cancelled_at FROM ${table} WHERE tenant = ? AND bucket = ? AND id IN ?`
    await forEach(groupedSlices([...new Set(ids)], bucketOf, IDS_PER_QUERY), async ([bucket, some]) => {
      for (const row of await session.rows(query, [tenant, bucket, some])) {
        const known = recordedIn(row)
        if (known) found.set(String(row.id), known)
      }
    })
    return found
  }

  const insert = `INSERT INTO ${claims} (tenant, id, acceptances) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`
  const replace = `UPDATE ${claims} USING TTL ? SET acceptances = ? WHERE tenant = ? AND id = ? IF acceptances = ?`

  /** Uses one lightweight transaction, or two if the window since the last acceptance has passed. */
  const claimOne = async (tenant: string, claim: AcceptanceClaim, known?: string) => {
    const { id, at, fingerprint, until } = claim
    let cell = known
    for (;;) {
      const held = cell === undefined ? [] : readAcceptances(cell)
      const found = standing(held, claim)
      if (found) return { found, cell }
      const next = acceptancesCell(withClaim(held, claim))
      const row =
        cell === undefined
          ? await session.claim(insert, [tenant, id, next, ttlUntil(until)])
          : await session.claim(replace, [ttlUntil(until), next, tenant, id, cell])
      if (!row) return { found: { at, fingerprint }, cell: next }
      // The row may have expired since it was read.
      cell = typeof row.acceptances === 'string' ? row.acceptances : undefined
    }
  }

  const find: Notifications['find'] = async (tenant, ids) => {
    const found = new Map<string, NotificationProgress>()
    const query = `SELECT id, ${COLUMNS} FROM ${table} WHERE tenant = ? AND bucket = ? AND id IN ?`
    await forEach(groupedSlices([...new Set(ids)], bucketOf, IDS_PER_QUERY), async ([bucket, some]) => {
      for (const row of await session.rows(query, [tenant, bucket, some])) {
        const progress = progressOf(row)
        if (progress) found.set(progress.id, progress)
      }
    })
    return found
  }

  return {
    put: async (records) => {
      const partitions = grouped(records, ({ tenant, id }) => `${tenant}\n${bucketOf(id)}`)
      await Promise.all([
        forEach([...partitions.values()], (together) =>
          session.write(
            together.map((record) => {
              const entry = [String(record.acceptedAt), JSON.stringify(record)]
              return update('records[?] = ?', entry, record.tenant, record.id, keptUntil(record, retention))
            }),
          ),
        ),
        index.add(records),
      ])
    },

    get: async (tenant, id) => (await find(tenant, [id])).get(id),

    find,

    list: notificationList({ session, index, retention, progressOf, columns: COLUMNS, find }),

    recorded,

    forget: index.forget,

    claim: async (tenant, wanted) => {
      const groups = claimsById(wanted)
      // A UUIDv7 with its own time is not claimed, because its record contains the time.
      const timed = [...groups.keys()].filter((id) => uuid7Time(id) !== undefined)
      const records = await recorded(tenant, timed)
      const answers = new Array<Acceptance>(wanted.length)
      await forEach([...groups], async ([id, group]) => {
        const record = records.get(id)
        let cell: string | undefined
        for (const { claim, index } of group) {
          const result = record
            ? { found: { at: record.at, fingerprint: record.fingerprint }, cell }
            : await claimOne(tenant, claim, cell)
          answers[index] = result.found
          cell = result.cell
        }
      })
      return answers
    },

    ...changes(session, update, retention),
  }
}
