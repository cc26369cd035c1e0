import { hash } from 'node:crypto'
import { groupedSlices } from '../grouping.ts'
import type { Mark, Marks, Taking } from '../ports/expiring-keys.ts'
import { CLAIMS, forEach, type Session, type Statement } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Marks of one call at once: a quarter of that halved the rate of taking. */
const AT_ONCE = 128
const HOUR_MS = 3_600_000
/** Partitions for what is taken within an hour: few, for a batch of claims costs as much as one, but one waits for another. */
const SLOTS = 8

const slotOf = (key: string): number => hash('sha1', key, 'buffer')[0]! % SLOTS

/**
 * Every mark that is put is a partition of its own. What is taken lies apart, for LWT and other writes of one row do not
 * mix, and close together: one LWT takes many.
 */
export const cassandraMarks = (session: Session): Marks => {
  const taken = session.table('taken')
  const marks = session.table('marks')

  /** All of one partition. Where some are taken already, which is rare, each is asked for by itself. */
  const takeTogether = async (some: readonly Taking[], statement: (mark: Taking) => Statement) => {
    const held = new Map<string, string>()
    if (some.length > 1 && (await session.claimAll(some.map(statement)))) return held
    await forEach(
      some,
      async (mark) => {
        const { query, params } = statement(mark)
        const row = await session.claim(query, params)
        if (row) held.set(mark.key, String(row.value))
      },
      AT_ONCE,
    )
    return held
  }

  return {
    take: async (tenant, wanted, ttlMs) => {
      const query = `INSERT INTO ${taken} (tenant, hour, slot, key, value) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS USING TTL ?`
      const hourOf = ({ at }: Taking) => Math.floor(at / HOUR_MS)
      const statement = (mark: Taking): Statement => ({
        query,
        params: [tenant, hourOf(mark), slotOf(mark.key), mark.key, mark.value, ttlFor(ttlMs)],
      })
      // Of several that want one key, the first.
      const firsts = new Map<string, Taking>()
      for (const mark of wanted) if (!firsts.has(mark.key)) firsts.set(mark.key, mark)
      const partition = (mark: Taking) => hourOf(mark) * SLOTS + slotOf(mark.key)
      const held = new Map<string, string>()
      await forEach(groupedSlices([...firsts.values()], partition, CLAIMS), async ([, some]) => {
        for (const [key, value] of await takeTogether(some, statement)) held.set(key, value)
      })
      return wanted.map((mark) =>
        firsts.get(mark.key) === mark
          ? held.get(mark.key)
          : (held.get(mark.key) ?? firsts.get(mark.key)?.value),
      )
    },

    put: (tenant, given, ttlMs) => {
      const query = `INSERT INTO ${marks} (tenant, key, value) VALUES (?, ?, ?) USING TTL ?`
      const put = ({ key, value }: Mark) =>
        session.write([{ query, params: [tenant, key, value, ttlFor(ttlMs)] }])
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
