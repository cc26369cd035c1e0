import { grouped } from '../../group-by.ts'
import { SHOWN_KEPT_MS, SHOWN_MAX, type ShownPush, type ShownPushes } from '../ports/shown-pushes.ts'
import type { Session } from './session.ts'

type Row = {
  user: string
  device: string
  key: string
  items: string
  account: string
  sentAt: number
  version: number | null
  withdrawnAt: number | null
}

const PUT = `INSERT OR REPLACE INTO shown_pushes
  (tenant, user, device, key, items, account, sent_at, version, withdrawn_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// One bounded look-up per user.
const OF = `SELECT user, device, key, items, account, sent_at AS sentAt, version, withdrawn_at AS withdrawnAt
  FROM shown_pushes WHERE tenant = ? AND user = ? AND expires_at > ? LIMIT ${SHOWN_MAX}`

const shown = ({ items, version, withdrawnAt, ...place }: Row): ShownPush => ({
  ...place,
  items: JSON.parse(items) as string[],
  ...(version === null ? {} : { version }),
  ...(withdrawnAt === null ? {} : { withdrawnAt }),
})

export const sqliteShownPushes = (session: Session): ShownPushes => ({
  put: async (tenant, pushes) => {
    if (pushes.length === 0) return
    await session.write(({ run }) => {
      const until = Date.now() + SHOWN_KEPT_MS
      for (const { user, device, key, items, account, sentAt, version, withdrawnAt } of pushes)
        run(PUT, [
          tenant,
          user,
          device,
          key,
          JSON.stringify(items),
          account,
          sentAt,
          version ?? null,
          withdrawnAt ?? null,
          until,
        ])
    }, 'committed')
  },

  of: async (tenant, users) => {
    const now = Date.now()
    const rows = await Promise.all(
      [...new Set(users)].map((user) => session.all<Row>(OF, [tenant, user, now])),
    )
    return grouped(rows.flat().map(shown), ({ user }) => user)
  },

  remove: async (tenant, places) => {
    if (places.length === 0) return
    await session.write(({ run }) => {
      for (const { user, device, key } of places)
        run('DELETE FROM shown_pushes WHERE tenant = ? AND user = ? AND device = ? AND key = ?', [
          ...[tenant, user, device, key],
        ])
    }, 'committed')
  },
})
