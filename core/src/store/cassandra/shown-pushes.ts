import { SHOWN_KEPT_MS, SHOWN_MAX, type ShownPush, type ShownPushes } from '../ports/shown-pushes.ts'
import { whole } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Shown pushes, with a method for other parts of the adapter. */
export type CassandraShownPushes = ShownPushes & {
  /** Removes all pushes of a user. */
  clear(tenant: string, user: string): Promise<void>
}

export const cassandraShownPushes = (session: Session): CassandraShownPushes => {
  const table = session.table('shown_pushes')
  return {
    put: async (tenant, pushes) => {
      const ttl = ttlFor(SHOWN_KEPT_MS)
      await session.write(
        pushes.map(({ user, device, key, items, account, sentAt, version = null, withdrawnAt = null }) => ({
          query: `INSERT INTO ${table} (tenant, user, device, key, items, account, sent_at, version, withdrawn_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`,
          params: [tenant, user, device, key, [...items], account, sentAt, version, withdrawnAt, ttl],
        })),
      )
    },

    of: async (tenant, users) => {
      const found = new Map<string, ShownPush[]>()
      const query = `SELECT device, key, items, account, sent_at, version, withdrawn_at FROM ${table}
        WHERE tenant = ? AND user = ? LIMIT ${SHOWN_MAX}`
      await forEach([...new Set(users)], async (user) => {
        const rows = await session.rows(query, [tenant, user])
        const pushes = rows.map((row): ShownPush => {
          const version = whole(row.version)
          const withdrawnAt = whole(row.withdrawn_at)
          return {
            ...{ user, device: String(row.device), key: String(row.key) },
            items: ((row.items as string[] | null) ?? []).map(String),
            account: String(row.account ?? ''),
            sentAt: whole(row.sent_at) ?? 0,
            ...(version === null ? {} : { version }),
            ...(withdrawnAt === null ? {} : { withdrawnAt }),
          }
        })
        if (pushes.length > 0) found.set(user, pushes)
      })
      return found
    },

    remove: (tenant, places) =>
      session.write(
        places.map(({ user, device, key }) => ({
          query: `DELETE FROM ${table} WHERE tenant = ? AND user = ? AND device = ? AND key = ?`,
          params: [tenant, user, device, key],
        })),
      ),

    clear: (tenant, user) =>
      session.write([
        { query: `DELETE FROM ${table} WHERE tenant = ? AND user = ?`, params: [tenant, user] },
      ]),
  }
}
