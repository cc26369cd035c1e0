import type { Throttles } from '../ports/throttles.ts'
import { lastFree, readTakers, type Takers, takeSlots, writeTakers } from '../rules/throttle-slots.ts'
import type { Session, Write } from './session.ts'

const PLACE = 'tenant = ? AND user = ? AND key = ?'
type Place = [tenant: string, user: string, key: string]

const read = ({ first }: Write, place: Place): Takers =>
  readTakers(first<{ takers: string }>(`SELECT takers FROM throttles WHERE ${PLACE}`, place)?.takers)

const write = ({ run }: Write, place: Place, takers: Takers): void => {
  if (takers.size === 0) run(`DELETE FROM throttles WHERE ${PLACE}`, place)
  else
    run('INSERT OR REPLACE INTO throttles (tenant, user, key, takers, expires_at) VALUES (?, ?, ?, ?, ?)', [
      ...place,
      writeTakers(takers),
      lastFree(takers),
    ])
}

export const sqliteThrottles = (session: Session): Throttles => ({
  take: (tenant, requests) =>
    session.write(
      (work) =>
        requests.map((request) => {
          const place: Place = [tenant, request.user, request.key]
          const { takers, answers } = takeSlots(read(work, place), [request])
          if (takers) write(work, place, takers)
          return answers[0]!
        }),
      'synced',
    ),

  release: (tenant, slots) =>
    session.write((work) => {
      for (const { user, key, taker } of slots) {
        const place: Place = [tenant, user, key]
        const takers = new Map(read(work, place))
        if (takers.delete(taker)) write(work, place, takers)
      }
    }),
})
