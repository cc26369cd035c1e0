import { type Channel, DELIVERY_STATES, type Delivery } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { grouped } from '../../group-by.ts'
import type { Deliveries, DeliveryChange, DeliveryPlace } from '../ports/deliveries.ts'
import { SLOTS } from '../ports/walk.ts'
import {
  addToSums,
  type DeliveryKey,
  deliveryCursor,
  deliveryOf,
  deliveryState,
  detailsOf,
  firstKey,
  readDeliveryCursor,
  readPassed,
  type StateTimes,
} from '../rules/ledger.ts'
import { slotOf } from '../rules/slots.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlFor } from './ttl.ts'
import { walkPartitions } from './walk.ts'

/** Partitions that totals read concurrently, and buffered rows of each. Bounds memory. */
const SUMMED = { partitions: 8, rows: 500 }

const TIMES = DELIVERY_STATES.map((state) => `${state}_at`)
const ROW = `user, step, device, channel, attempt, provider, provider_id, reason, detail, next_attempt, variant, ${TIMES.join(', ')}`

type Narrow = Omit<DeliveryPlace, 'toAudience'>

const timesOf = (row: types.Row): StateTimes => {
  const been = DELIVERY_STATES.flatMap((state) => {
    const at: unknown = row[`${state}_at`]
    return at instanceof Date ? [[state, at.getTime()]] : []
  })
  return Object.fromEntries(been) as StateTimes
}

const keyOf = (row: types.Row): DeliveryKey => ({
  user: String(row.user),
  step: Number(row.step),
  device: String(row.device),
})

const said = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const delivery = (notification: string, row: types.Row) => {
  const place: Narrow = { notification, ...keyOf(row), channel: String(row.channel) as Channel }
  return deliveryOf(place, timesOf(row), {
    ...(typeof row.attempt === 'number' ? { attempt: row.attempt } : {}),
    provider: said(row.provider),
    providerId: said(row.provider_id),
    reason: said(row.reason),
    detail: said(row.detail),
    variant: said(row.variant),
    ...(row.next_attempt instanceof Date ? { nextAttempt: row.next_attempt.getTime() } : {}),
  })
}

/**
 * Stores each state's time and each field in a cell of its own, with the time of the change as its timestamp. The latest
 * change wins per cell in any order of arrival, without a read. Absent fields are not written.
 */
export const cassandraDeliveries = (session: Session, retention: number): Deliveries => {
  const table = session.table('deliveries')
  const PARTITION = 'tenant = ? AND notification = ? AND part = ?'
  const partOf = (toAudience: boolean, user: string) => (toAudience ? slotOf(user) : 0)
  const parts = (toAudience: boolean) => Array.from({ length: toAudience ? SLOTS : 1 }, (_, part) => part)

  const statement = (tenant: string, change: DeliveryChange): Statement => {
    const { notification, toAudience, user, step, device, channel, state, at } = change
    const { attempt, provider, providerId, reason, detail, nextAttempt, variant, passed } = detailsOf(change)
    const cells = Object.entries({
      channel,
      [`${state}_at`]: at,
      attempt,
      provider,
      provider_id: providerId,
      reason,
      detail,
      next_attempt: nextAttempt,
      variant,
      passed,
    }).filter(([, value]) => value !== undefined)
    // The number of statements is bounded by states and combinations of fields.
    const query = `UPDATE ${table} USING TIMESTAMP ? AND TTL ? SET ${cells.map(([cell]) => `${cell} = ?`).join(', ')}
      WHERE ${PARTITION} AND user = ? AND step = ? AND device = ?`
    const place = [tenant, notification, partOf(toAudience, user), user, step, device]
    return { query, params: [at * 1_000, ttlFor(retention), ...cells.map(([, value]) => value), ...place] }
  }

  return {
    record: async (tenant, changes) => {
      const partitions = grouped(
        changes,
        ({ notification, toAudience, user }) => `${partOf(toAudience, user)}\n${notification}`,
      )
      await forEach([...partitions.values()], (together) =>
        session.write(together.map((change) => statement(tenant, change))),
      )
    },

    list: async (tenant, { id, toAudience, user }, { after, limit }) => {
      const start = after === undefined ? firstKey(user) : readDeliveryCursor(after)
      const place =
        user === undefined ? '(user, step, device) > (?, ?, ?)' : 'user = ? AND (step, device) > (?, ?)'
      const query = `SELECT ${ROW} FROM ${table} WHERE ${PARTITION} AND ${place} LIMIT ?`
      const narrowed = user === undefined ? undefined : partOf(toAudience, user)
      const from = narrowed ?? (after === undefined ? 0 : partOf(toAudience, start.user))
      const read = (part: number) => {
        const { user: first, step, device } = part === from ? start : firstKey()
        return session.rows(query, [tenant, id, part, user ?? first, step, device, limit])
      }
      const to = narrowed === undefined ? parts(toAudience).length : narrowed + 1
      const { rows, last } = await walkPartitions(read, { from, to, limit })
      const end = rows.at(-1)
      return {
        deliveries: rows.map((row) => delivery(id, row)),
        ...(last === undefined || !end ? {} : { next: deliveryCursor(keyOf(end)) }),
      }
    },

    of: async (tenant, recipients) => {
      const query = `SELECT ${ROW} FROM ${table} WHERE ${PARTITION} AND user = ?`
      const found: Delivery[][] = recipients.map(() => [])
      await forEach([...recipients.entries()], async ([place, { id, toAudience, user }]) => {
        const rows = await session.rows(query, [tenant, id, partOf(toAudience, user), user])
        found[place] = rows.map((row) => delivery(id, row))
      })
      return found
    },

    passed: async (tenant, { id, toAudience, user }) => {
      const query = `SELECT channel, step, passed FROM ${table} WHERE ${PARTITION} AND user = ?`
      const rows = await session.rows(query, [tenant, id, partOf(toAudience, user), user])
      return rows.flatMap((row) =>
        readPassed({ channel: String(row.channel) as Channel, step: Number(row.step) }, said(row.passed)),
      )
    },

    sum: async (tenant, { id, toAudience }) => {
      const sums = {}
      const query = `SELECT channel, ${TIMES.join(', ')} FROM ${table} WHERE ${PARTITION}`
      await forEach(
        parts(toAudience),
        async (part) => {
          for await (const rows of session.scan(query, [[tenant, id, part]], SUMMED.rows))
            for (const row of rows)
              addToSums(sums, String(row.channel) as Channel, deliveryState(timesOf(row)))
        },
        SUMMED.partitions,
      )
      return sums
    },
  }
}
