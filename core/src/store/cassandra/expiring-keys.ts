import { hash } from 'node:crypto'
import { groupedSlices } from '../../group-by.ts'
import type { Acquisition, ExpiringKey, ExpiringKeys } from '../ports/expiring-keys.ts'
import { CLAIMS, forEach, type Session, type Statement } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Concurrent statements per call. With a quarter of this, `acquire` ran at half the rate. */
const CONCURRENCY = 128
const HOUR_MS = 3_600_000
/**
 * Partitions of acquisitions per hour. Few, because a batch costs as much as one LWT; several, because LWTs
 * on one partition run one by one.
 */
const SLOTS = 8

const slotOf = (key: string): number => hash('sha1', key, 'buffer')[0]! % SLOTS

/**
 * Stores each key of `put` in its own partition, and acquisitions in a separate table, because LWTs and ordinary writes of
 * one row do not mix. Acquisitions are clustered by hour, so that one LWT acquires many.
 */
export const cassandraExpiringKeys = (session: Session): ExpiringKeys => {
  const acquisitions = session.table('acquisitions')
  const table = session.table('expiring_keys')

  /**
   * Acquires keys of one partition together. If some are already held, which is rare, acquires them one by
   * one.
   */
  const acquireTogether = async (
    some: readonly Acquisition[],
    statement: (wanted: Acquisition) => Statement,
  ) => {
    const holders = new Map<string, string>()
    if (some.length > 1 && (await session.claimAll(some.map(statement)))) return holders
    await forEach(
      some,
      async (wanted) => {
        const { query, params } = statement(wanted)
        const row = await session.claim(query, params)
        if (row) holders.set(wanted.key, String(row.value))
      },
      CONCURRENCY,
    )
    return holders
  }

  const hourOf = ({ at }: Pick<Acquisition, 'at'>) => Math.floor(at / HOUR_MS)

  return {
    acquire: async (tenant, wanted, ttlMs) => {
      const query = `INSERT INTO ${acquisitions} (tenant, hour, slot, key, value) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS USING TTL ?`
      const statement = (each: Acquisition): Statement => ({
        query,
        params: [tenant, hourOf(each), slotOf(each.key), each.key, each.value, ttlFor(ttlMs)],
      })
      // If this call contains a key several times, the first acquires it.
      const firsts = new Map<string, Acquisition>()
      for (const each of wanted) if (!firsts.has(each.key)) firsts.set(each.key, each)
      const partition = (each: Acquisition) => hourOf(each) * SLOTS + slotOf(each.key)
      const holders = new Map<string, string>()
      await forEach(groupedSlices([...firsts.values()], partition, CLAIMS), async ([, some]) => {
        for (const [key, value] of await acquireTogether(some, statement)) holders.set(key, value)
      })
      return wanted.map((each) =>
        firsts.get(each.key) === each
          ? holders.get(each.key)
          : (holders.get(each.key) ?? firsts.get(each.key)?.value),
      )
    },

    holders: (tenant, keys) => {
      const query = `SELECT value FROM ${acquisitions} WHERE tenant = ? AND hour = ? AND slot = ? AND key = ?`
      return Promise.all(
        keys.map(async ({ key, at }) => {
          const rows = await session.claimed(query, [tenant, hourOf({ at }), slotOf(key), key])
          return rows.map(({ value }) => String(value))[0]
        }),
      )
    },

    put: (tenant, keys, ttlMs) => {
      const query = `INSERT INTO ${table} (tenant, key, value) VALUES (?, ?, ?) USING TTL ?`
      const put = ({ key, value }: ExpiringKey) =>
        session.write([{ query, params: [tenant, key, value, ttlFor(ttlMs)] }])
      return forEach(keys, put, CONCURRENCY)
    },

    get: async (tenant, keys) => {
      const query = `SELECT value FROM ${table} WHERE tenant = ? AND key = ?`
      const found = new Map<string, string>()
      await forEach(
        [...new Set(keys)],
        async (key) => {
          for (const row of await session.rows(query, [tenant, key])) found.set(key, String(row.value))
        },
        CONCURRENCY,
      )
      return found
    },

    remove: (tenant, keys) => {
      const query = `DELETE FROM ${table} WHERE tenant = ? AND key = ?`
      return forEach(keys, (key) => session.write([{ query, params: [tenant, key] }]), CONCURRENCY)
    },
  }
}
