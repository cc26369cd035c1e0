import { uuid7Time } from '../../ids.ts'
import { grouped, groupedSlices } from '../grouping.ts'
import type { NotificationRecord, Notifications } from '../port.ts'
import { bucketOf, earliestClaims, keptUntil, notificationState } from '../state.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

const mapOf = <K, V>(value: unknown): Map<K, V> => (value instanceof Map ? (value as Map<K, V>) : new Map())

/** The record that was accepted first. Keys of `records` are when each was accepted, epoch ms as text. */
const first = (records: Map<string, string>): string | undefined => {
  const [earliest] = [...records.keys()].sort((a, b) => Number(a) - Number(b))
  return earliest === undefined ? undefined : records.get(earliest)
}

/**
 * Records accepted in the same second share a partition, so that a dispatcher's batch of them is one mutation.
 * Each is an entry of a map by its time of acceptance: storing one again overwrites it with itself, and of two
 * the first counts. Progress and cancellation are other cells.
 */
export const cassandraNotifications = (session: Session, retention: number): Notifications => {
  const table = session.table('notifications')
  const claims = session.table('claims')
  const ONE = 'tenant = ? AND bucket = ? AND id = ?'
  const update = (set: string, values: unknown[], tenant: string, id: string, until: number): Statement => ({
    query: `UPDATE ${table} USING TTL ? SET ${set} WHERE ${ONE}`,
    params: [ttlUntil(until), ...values, tenant, bucketOf(id), id],
  })

  const recordedAt = async (tenant: string, ids: readonly string[]) => {
    const times = new Map<string, number>()
    const query = `SELECT id, records FROM ${table} WHERE tenant = ? AND bucket = ? AND id IN ?`
    await forEach(groupedSlices(ids, bucketOf, IDS_PER_QUERY), async ([bucket, some]) => {
      for (const row of await session.rows(query, [tenant, bucket, some])) {
        const accepted = [...mapOf<string, string>(row.records).keys()].map(Number)
        if (accepted.length > 0) times.set(String(row.id), Math.min(...accepted))
      }
    })
    return times
  }

  const claimOne = async (tenant: string, id: string, at: number): Promise<number> => {
    const query = `INSERT INTO ${claims} (tenant, id, at) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`
    const held = await session.claim(query, [tenant, id, at, ttlUntil(at + retention)])
    return held ? Number(held.at) : at
  }

  return {
    put: async (records) => {
      const partitions = grouped(records, ({ tenant, id }) => `${tenant}\n${bucketOf(id)}`)
      await forEach([...partitions.values()], (together) =>
        session.write(
          together.map((record) => {
            const entry = [String(record.acceptedAt), JSON.stringify(record)]
            return update('records[?] = ?', entry, record.tenant, record.id, keptUntil(record, retention))
          }),
        ),
      )
    },

    get: async (tenant, id) => {
      const query = `SELECT records, progress, finished, cancelled_at FROM ${table} WHERE ${ONE}`
      const [row] = await session.rows(query, [tenant, bucketOf(id), id])
      const content = first(mapOf<string, string>(row?.records))
      if (!row || content === undefined) return
      const record = JSON.parse(content) as NotificationRecord
      const finished = row.finished instanceof Set ? row.finished.size : 0
      const state = notificationState(record, { finished, cancelled: row.cancelled_at !== null }, Date.now())
      const reached = [...mapOf<number, number>(row.progress).values()]
      return { ...record, state, recipients: reached.reduce((sum, lane) => sum + lane, record.direct) }
    },

    claim: async (tenant, wanted) => {
      const times = earliestClaims(wanted)
      // A UUIDv7 that named its own time had no need to claim it: its record says when.
      const timed = [...times.keys()].filter((id) => uuid7Time(id) !== undefined)
      const recorded = await recordedAt(tenant, timed)
      await forEach([...times], async ([id, at]) => {
        const known = recorded.get(id)
        times.set(id, known ?? (await claimOne(tenant, id, at)))
      })
      return times
    },

    progress: (tenant, id, { lane, reached, finished }) => {
      const set = `progress[?] = ?${finished ? ', finished = finished + ?' : ''}`
      const values = [lane, reached, ...(finished ? [new Set([lane])] : [])]
      return session.write([update(set, values, tenant, id, Date.now() + retention)])
    },

    cancel: (tenant, id, at) =>
      session.write([update('cancelled_at = ?', [at], tenant, id, Date.now() + retention)]),
  }
}
