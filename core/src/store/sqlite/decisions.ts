import type { Decisions } from '../ports/decisions.ts'
import { decisionPlace, EVERYBODY, readDecisions } from '../rules/decision-rows.ts'
import type { Session } from './session.ts'

const PUT = `INSERT OR REPLACE INTO decisions (tenant, notification, user, place, decision, expires_at)
  VALUES (?, ?, ?, ?, ?, ?)`

export const sqliteDecisions = (session: Session, retention: number): Decisions => ({
  record: async (tenant, entries) => {
    if (entries.length === 0) return
    await session.write(({ run }) => {
      const until = Date.now() + retention
      for (const { notification, user, decision } of entries)
        run(PUT, [tenant, notification, user, decisionPlace(decision), JSON.stringify(decision), until])
    }, 'committed')
  },

  of: async (tenant, { id, user }) => {
    const rows = await session.all<{ decision: string }>(
      `SELECT decision FROM decisions
       WHERE tenant = ? AND notification = ? AND user IN (?, ?) AND expires_at > ?`,
      [tenant, id, EVERYBODY, user, Date.now()],
    )
    return readDecisions(rows.map(({ decision }) => decision))
  },
})
