import { grouped } from '../../group-by.ts'
import type { DecisionEntry, Decisions } from '../ports/decisions.ts'
import { decisionPlace, EVERYBODY, readDecisions } from '../rules/decision-rows.ts'
import { slotOf } from '../rules/slots.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Stores decisions in the partitions of deliveries. The write timestamp is the time of the decision, so the latest wins. */
export const cassandraDecisions = (session: Session, retention: number): Decisions => {
  const table = session.table('decisions')
  const partOf = (toAudience: boolean, user: string) => (toAudience ? slotOf(user) : 0)
  const insert = `INSERT INTO ${table} (tenant, notification, part, user, place, decision)
    VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  const statement = (tenant: string, entry: DecisionEntry): Statement => {
    const { notification, toAudience, user, decision } = entry
    const place = [tenant, notification, partOf(toAudience, user), user, decisionPlace(decision)]
    return {
      query: insert,
      params: [...place, JSON.stringify(decision), decision.at * 1_000, ttlFor(retention)],
    }
  }

  return {
    record: async (tenant, entries) => {
      const partitions = grouped(
        entries,
        ({ notification, toAudience, user }) => `${partOf(toAudience, user)}\n${notification}`,
      )
      await forEach([...partitions.values()], (together) =>
        session.write(together.map((entry) => statement(tenant, entry))),
      )
    },

    of: async (tenant, { id, toAudience, user }) => {
      const query = `SELECT decision FROM ${table} WHERE tenant = ? AND notification = ? AND part = ? AND user = ?`
      const found = await Promise.all(
        [EVERYBODY, user].map((who) => session.rows(query, [tenant, id, partOf(toAudience, who), who])),
      )
      return readDecisions(found.flat().map((row) => String(row.decision)))
    },
  }
}
