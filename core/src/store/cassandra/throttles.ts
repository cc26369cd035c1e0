import { hash } from 'node:crypto'
import { grouped } from '../../group-by.ts'
import type { SlotAnswer, Throttles } from '../ports/throttles.ts'
import { lastFree, readTakers, type Takers, takeSlots, writeTakers } from '../rules/throttle-slots.ts'
import { forEach, type Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** Rows are kept this much longer than their slots, because clocks differ. */
const LONGER_MS = 60_000

/** Slots, with a method for other parts of the adapter. */
export type CassandraThrottles = Throttles & {
  /** Removes all slots of a user. */
  clear(tenant: string, user: string): Promise<void>
}

/**
 * Stores the takers of a key in one row, which every write replaces by an LWT that compares a hash of what was read. Requests
 * for one key that arrive together share an LWT; one that finds no free slot only reads.
 */
export const cassandraThrottles = (session: Session): CassandraThrottles => {
  const table = session.table('throttles')
  const PLACE = 'tenant = ? AND user = ? AND key = ?'
  const keyOf = ({ user, key }: { user: string; key: string }) => `${user}\n${key}`

  /**
   * Replaces the takers of a key by what `change` makes of them, as often as another process was faster. `change` returns
   * undefined to leave them.
   */
  const replace = async (place: string[], change: (takers: Takers) => Takers | undefined): Promise<void> => {
    for (;;) {
      const [row] = await session.rows(`SELECT takers FROM ${table} WHERE ${PLACE}`, place)
      const text = row?.takers == null ? undefined : String(row.takers)
      const after = change(readTakers(text))
      if (!after) return
      const known = text === undefined ? null : hash('sha256', text, 'base64url')
      const next = writeTakers(after)
      // Never an INSERT: its row would outlive its values, and compare as one without takers.
      const other = await session.claim(
        `UPDATE ${table} USING TTL ? SET takers = ?, version = ? WHERE ${PLACE} IF version = ?`,
        [
          ttlUntil(lastFree(after) + LONGER_MS),
          ...[next, hash('sha256', next, 'base64url'), ...place, known],
        ],
      )
      if (!other) return
    }
  }

  return {
    take: async (tenant, requests) => {
      const found = new Map<(typeof requests)[number], SlotAnswer>()
      await forEach([...grouped(requests, keyOf)], async ([, together]) => {
        const { user, key } = together[0]!
        await replace([tenant, user, key], (before) => {
          const { takers, answers } = takeSlots(before, together)
          for (const [index, request] of together.entries()) found.set(request, answers[index]!)
          return takers
        })
      })
      return requests.map((request) => found.get(request)!)
    },

    release: (tenant, slots) =>
      forEach([...grouped(slots, keyOf)], ([, together]) => {
        const { user, key } = together[0]!
        return replace([tenant, user, key], (before) => {
          const takers = new Map(before)
          const released = together.filter(({ taker }) => takers.delete(taker))
          return released.length > 0 ? takers : undefined
        })
      }),

    clear: (tenant, user) =>
      session.write([
        { query: `DELETE FROM ${table} WHERE tenant = ? AND user = ?`, params: [tenant, user] },
      ]),
  }
}
