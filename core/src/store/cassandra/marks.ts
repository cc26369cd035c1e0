import type { Mark, Marks } from '../outreach.ts'
import { forEach, type Session } from './session.ts'

/** Marks of one call at once: a quarter of that halved the rate of taking. */
const AT_ONCE = 128

/** Every mark is a partition of its own. What is taken lies apart: LWT and other writes of one row do not mix. */
export const cassandraMarks = (session: Session): Marks => {
  const taken = session.table('taken')
  const marks = session.table('marks')
  /** Cassandra counts TTLs in seconds. */
  const ttl = (ms: number) => Math.max(1, Math.ceil(ms / 1_000))

  return {
    take: async (tenant, wanted, ttlMs) => {
      const query = `INSERT INTO ${taken} (tenant, key, value) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`
      const held: (string | undefined)[] = wanted.map(() => undefined)
      await forEach(
        [...wanted.entries()],
        async ([index, { key, value }]) => {
          const row = await session.claim(query, [tenant, key, value, ttl(ttlMs)])
          if (row) held[index] = String(row.value)
        },
        AT_ONCE,
      )
      return held
    },

    put: (tenant, given, ttlMs) => {
      const query = `INSERT INTO ${marks} (tenant, key, value) VALUES (?, ?, ?) USING TTL ?`
      const put = ({ key, value }: Mark) =>
        session.write([{ query, params: [tenant, key, value, ttl(ttlMs)] }])
      return forEach(given, put, AT_ONCE)
    },

    get: async (tenant, keys) => {
      const query = `SELECT value FROM ${marks} WHERE tenant = ? AND key = ?`
      const found = new Map<string, string>()
      await forEach(
        [...new Set(keys)],
        async (key) => {
          for (const row of await session.rows(query, [tenant, key])) found.set(key, String(row.value))
        },
        AT_ONCE,
      )
      return found
    },

    remove: (tenant, keys) => {
      const query = `DELETE FROM ${marks} WHERE tenant = ? AND key = ?`
      return forEach(keys, (key) => session.write([{ query, params: [tenant, key] }]), AT_ONCE)
    },
  }
}
