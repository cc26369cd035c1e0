import type { types } from 'cassandra-driver'
import { grouped, groupedSlices, slices } from '../../group-by.ts'
import type { Seal } from '../../security/seal.ts'
import type { Devices, StoredDevice } from '../ports/devices.ts'
import { deviceTarget, openDevice, sealDevice } from '../rules/sealed.ts'
import { slotOf } from '../rules/slots.ts'
import { writeClock } from './clock.ts'
import { forEach, type Session } from './session.ts'

const IDS_PER_QUERY = 100

/** Devices, with a method for other parts of the adapter. */
export type CassandraDevices = Devices & {
  /** Removes all devices of a user. */
  clear(tenant: string, user: string): Promise<void>
}

/** A version of a device: its place and write timestamp (µs). */
type Version = { user: string; id: string; at: number }

/**
 * Stores devices by user, and the holder of each unique address in a separate table. The holder is set by LWT
 * before the device is written, and names the device's version. A removal has the timestamp of the version
 * that it removes. It therefore removes that version even if it is written later, and never a later version.
 * So one of several concurrent registrations of an address keeps it.
 */
export const cassandraDevices = (session: Session, seal: Seal): CassandraDevices => {
  const devices = session.table('devices')
  const holders = session.table('device_holders')
  const clock = writeClock()
  const COLUMNS = 'user, id, content, WRITETIME(content) AS at'
  const USER = 'tenant = ? AND slot = ? AND user = ?'
  const HOLDER = 'tenant = ? AND target = ?'
  const SAME = 'IF user = ? AND id = ? AND at = ?'

  const opened = (tenant: string, row: types.Row): StoredDevice =>
    openDevice(seal, tenant, String(row.user), String(row.id), String(row.content))

  const version = (row: types.Row): Version => ({
    user: String(row.user),
    id: String(row.id),
    at: Number(row.at),
  })

  const drop = (tenant: string, { user, id, at }: Version) =>
    session.write([
      {
        query: `DELETE FROM ${devices} USING TIMESTAMP ? WHERE ${USER} AND id = ?`,
        params: [at, tenant, slotOf(user), user, id],
      },
    ])

  /** Makes `mine` the holder and removes the previous holder's device. */
  const hold = async (tenant: string, target: string, mine: Version): Promise<void> => {
    const { user, id, at } = mine
    const insert = `INSERT INTO ${holders} (tenant, target, user, id, at) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS`
    const update = `UPDATE ${holders} SET user = ?, id = ?, at = ? WHERE ${HOLDER} ${SAME}`
    for (;;) {
      const held = await session.claim(insert, [tenant, target, user, id, at])
      if (!held) return
      const before = version(held)
      if (before.user !== user || before.id !== id) await drop(tenant, before)
      const lost = await session.claim(update, [
        ...[user, id, at, tenant, target],
        ...[before.user, before.id, before.at],
      ])
      if (!lost) return
    }
  }

  /** Releases the address that a version holds, unless another device holds it now. */
  const release = async (tenant: string, target: string, { user, id, at }: Version): Promise<void> => {
    await session.claim(`DELETE FROM ${holders} WHERE ${HOLDER} ${SAME}`, [tenant, target, user, id, at])
  }

  const targetOf = (tenant: string, row: types.Row) => deviceTarget(seal, tenant, opened(tenant, row).device)

  const removeRows = (tenant: string, rows: readonly types.Row[]) =>
    forEach(rows, async (row) => {
      const target = targetOf(tenant, row)
      if (target !== undefined) await release(tenant, target, version(row))
      await drop(tenant, version(row))
    })

  const rowsOf = (tenant: string, user: string, ids: readonly string[]) =>
    session.rows(`SELECT ${COLUMNS} FROM ${devices} WHERE ${USER} AND id IN ?`, [
      tenant,
      slotOf(user),
      user,
      ids,
    ])

  return {
    put: async (tenant, user, stored) => {
      const [old] = await rowsOf(tenant, user, [stored.id])
      const mine = { user, id: stored.id, at: Math.max(clock(), old ? version(old).at + 1 : 0) }
      const target = deviceTarget(seal, tenant, stored.device)
      if (target !== undefined) await hold(tenant, target, mine)
      const cells = [tenant, slotOf(user), user, stored.id, sealDevice(seal, tenant, user, stored)]
      await session.write([
        {
          query: `INSERT INTO ${devices} (tenant, slot, user, id, content) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`,
          params: [...cells, mine.at],
        },
      ])
      const before = old && targetOf(tenant, old)
      if (old && before !== undefined && before !== target) await release(tenant, before, version(old))
    },

    of: async (tenant, users) => {
      const query = `SELECT ${COLUMNS} FROM ${devices} WHERE tenant = ? AND slot = ? AND user IN ?`
      const found: types.Row[] = []
      await forEach(groupedSlices(users, slotOf, IDS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some])) found.push(row)
      })
      const byUser = [...grouped(found, (row) => String(row.user))]
      return new Map(byUser.map(([user, rows]) => [user, rows.map((row) => opened(tenant, row))]))
    },

    remove: async (tenant, user, ids) => {
      for (const some of slices(ids, IDS_PER_QUERY))
        await removeRows(tenant, await rowsOf(tenant, user, some))
    },

    clear: async (tenant, user) =>
      removeRows(
        tenant,
        await session.rows(`SELECT ${COLUMNS} FROM ${devices} WHERE ${USER}`, [tenant, slotOf(user), user]),
      ),
  }
}
