import type { Channel, Delivery, DeliveryState, DeliveryTotals } from '@carillon/schemas'
import { grouped } from '../../group-by.ts'
import type { Deliveries, DeliveryChange } from '../ports/deliveries.ts'
import {
  addToSums,
  advance,
  type Course,
  DETAILS,
  type DeliveryKey,
  deliveryCursor,
  deliveryOf,
  deliveryState,
  firstKey,
  readDeliveryCursor,
  readPassed,
} from '../rules/ledger.ts'
import type { Session } from './session.ts'

type Row = DeliveryKey & { channel: Channel; course: string }

const COURSE = `SELECT course FROM deliveries
  WHERE tenant = ? AND notification = ? AND user = ? AND step = ? AND device = ? AND expires_at > ?`
const PUT = `INSERT OR REPLACE INTO deliveries
  (tenant, notification, user, step, device, channel, state, course, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const shown = (notification: string, { course, ...place }: Row): Delivery => {
  const { times, said } = JSON.parse(course) as Course
  const details = DETAILS.map((detail) => [detail, said[detail]?.[0]])
  return deliveryOf({ notification, ...place }, times, Object.fromEntries(details))
}

/** Reads and updates a delivery within the commit. Stores its state in a column of its own, for totals. */
export const sqliteDeliveries = (session: Session, retention: number): Deliveries => ({
  record: (tenant, changes) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      const deliveries = grouped(changes, ({ notification, user, step, device }) =>
        [notification, user, step, device].join('\n'),
      )
      for (const together of deliveries.values()) {
        const [{ notification, user, step, device, channel }] = together as [DeliveryChange]
        const place = [tenant, notification, user, step, device]
        const row = first<{ course: string }>(COURSE, [...place, now])
        const known: Course = row ? JSON.parse(row.course) : { times: {}, said: {} }
        const course = together.reduce(advance, known)
        const state = deliveryState(course.times)
        run(PUT, [...place, channel, state, JSON.stringify(course), now + retention])
      }
    }, 'committed'),

  list: async (tenant, { id, user }, { after, limit }) => {
    const start = after === undefined ? firstKey(user) : readDeliveryCursor(after)
    const rows = await session.all<Row>(
      `SELECT user, step, device, channel, course FROM deliveries
       WHERE tenant = ? AND notification = ? AND expires_at > ? AND (user, step, device) > (?, ?, ?)
         ${user === undefined ? '' : 'AND user = ?'}
       ORDER BY user, step, device LIMIT ?`,
      [
        ...[tenant, id, Date.now(), start.user, start.step, start.device],
        ...(user === undefined ? [] : [user]),
        limit,
      ],
    )
    const last = rows.at(-1)
    return {
      deliveries: rows.map((row) => shown(id, row)),
      ...(last && rows.length === limit ? { next: deliveryCursor(last) } : {}),
    }
  },

  of: async (tenant, recipients) => {
    const asked = recipients.map(({ id, user }) => [id, user])
    // CROSS JOIN fixes the loop order; otherwise SQLite scans the tenant's rows for each recipient.
    const rows = await session.all<Row & { place: number }>(
      `SELECT asked.key AS place, user, step, device, channel, course
       FROM json_each(?) AS asked CROSS JOIN deliveries
         ON tenant = ? AND notification = asked.value ->> 0 AND user = asked.value ->> 1
       WHERE expires_at > ?`,
      [JSON.stringify(asked), tenant, Date.now()],
    )
    const found: Delivery[][] = recipients.map(() => [])
    for (const { place, ...row } of rows) found[place]?.push(shown(recipients[place]?.id ?? '', row))
    return found
  },

  passed: async (tenant, { id, user }) => {
    const rows = await session.all<Pick<Row, 'channel' | 'step' | 'course'>>(
      `SELECT channel, step, course FROM deliveries
       WHERE tenant = ? AND notification = ? AND user = ? AND expires_at > ?`,
      [tenant, id, user, Date.now()],
    )
    return rows.flatMap(({ course, ...place }) =>
      readPassed(place, (JSON.parse(course) as Course).said.passed?.[0]),
    )
  },

  sum: async (tenant, { id }) => {
    const rows = await session.all<{ channel: Channel; state: DeliveryState; count: number }>(
      `SELECT channel, state, count(*) AS count FROM deliveries
       WHERE tenant = ? AND notification = ? AND expires_at > ? GROUP BY channel, state`,
      [tenant, id, Date.now()],
    )
    const sums: DeliveryTotals = {}
    for (const { channel, state, count } of rows) addToSums(sums, channel, state, count)
    return sums
  },
})
