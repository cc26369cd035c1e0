import { CLAIM_MS, type InboxRows, type Rewrite } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { groupHash, labelsCell, MONTH_MS, namesOf } from './inbox-row.ts'
import { datedIds, monthOf } from './months.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor, ttlUntil } from './ttl.ts'

/** Finds and claims the items of entities, and rewrites the contents of items. `retention` (ms): how long items are kept. */
export const cassandraEntities = (
  session: Session,
  retention: number,
  placesOf: (owner: Owner, range: { group: string; limit: number }) => Promise<InboxPlace[]>,
): Pick<InboxRows, 'entityLog' | 'claimEntity' | 'rewrite'> => {
  const inbox = session.table('inbox')
  const claim = `INSERT INTO ${session.table('entity_claims')} (tenant, user, name, after, id) VALUES (?, ?, ?, ?, ?)
    IF NOT EXISTS USING TTL ?`
  const insertName = `INSERT INTO ${session.table('inbox_groups')} (tenant, user, name, place, id) VALUES (?, ?, ?, ?, ?)
    USING TIMESTAMP ? AND TTL ?`
  const insertLog = `INSERT INTO ${inbox} (tenant, user, month, place, id) VALUES (?, ?, ?, ?, ?)
    USING TIMESTAMP ? AND TTL ?`
  const insertItem = `INSERT INTO ${inbox}
    (tenant, user, month, place, id, stored_at, expires_at, labels, content, ref) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, '')
    USING TIMESTAMP ? AND TTL ?`

  /**
   * Writes every row of an item again, because its expiry may have changed. The write timestamp is the version of the content,
   * so the newest version wins, and a later removal wins over it.
   */
  const rewriteOne = async ({ tenant, user }: Owner, { id, place, content, at, expiresAt }: Rewrite) => {
    const [dated] = datedIds([id])
    if (!dated) return
    // Later than the first version, if it was accepted in the same millisecond.
    const written = [at * 1_000 + 1, ttlUntil(Math.min(expiresAt, Date.now() + retention + MONTH_MS))]
    const names = namesOf(content).map((name) => ({
      query: insertName,
      params: [tenant, user, name, place, id, ...written],
    }))
    if (names.length > 0) await session.write(names)
    const logRow = { query: insertLog, params: [tenant, user, monthOf(place), place, id, ...written] }
    const item = [place, expiresAt, labelsCell(content) ?? '{}', JSON.stringify(content)]
    const itemRow = { query: insertItem, params: [tenant, user, dated.month, id, ...item, ...written] }
    if (monthOf(place) === dated.month) return session.write([logRow, itemRow])
    await session.write([logRow])
    await session.write([itemRow])
  }

  return {
    entityLog: (owner, name, limit) => placesOf(owner, { group: name, limit }),

    claimEntity: async ({ tenant, user }, { name, after, id }) => {
      const held = await session.claim(claim, [tenant, user, groupHash(name), after, id, ttlFor(CLAIM_MS)])
      return held ? String(held.id) : id
    },

    rewrite: (owner, rewrites) => forEach(rewrites, (each) => rewriteOne(owner, each)),
  }
}
