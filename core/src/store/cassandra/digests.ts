import { grouped, slices } from '../../group-by.ts'
import type { Digests, Joined, OpenWindow } from '../ports/digests.ts'
import { apartMarker, inOrder, markerUntil } from '../rules/windows.ts'
import { createJoin, currentOf, ROW, WINDOW_COLUMNS, WINDOWS } from './digest-join.ts'
import { CLAIMS, forEach, type Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** Windows, with a method for other parts of the adapter. */
export type CassandraDigests = Digests & {
  /** Closes all windows of a user, and removes what is personal of their members. */
  clear(tenant: string, user: string): Promise<void>
}

/**
 * Stores the windows of a user and their members in one partition, so that one LWT checks that a window is open and adds
 * members to it. Joining is therefore as expensive as claiming a send; members of one window that arrive together share an
 * LWT.
 */
export const cassandraDigests = (session: Session): CassandraDigests => {
  const table = session.table('digests')
  const join = createJoin(session)
  const USER = 'tenant = ? AND user = ?'

  const openWindows = async (tenant: string, user: string, where: string, params: string[]) => {
    const query = `SELECT ${WINDOW_COLUMNS} FROM ${table} WHERE ${where}`
    const rows = await session.rows(query, [tenant, user, ...params])
    return rows.map(currentOf(user)).map(({ opener: _opener, ...window }) => window)
  }

  return {
    join: async (tenant, joinings) => {
      const done = new Map<string, Joined>()
      const key = (user: string, window: string, member = '') => `${user}\n${window}\n${member}`
      const windows = [...grouped(joinings, ({ user, window }) => key(user, window))]
      await forEach(windows, async ([, together]) => {
        const distinct = [...new Map(together.map((each) => [each.member, each])).values()]
        for (const some of slices(distinct, CLAIMS - 1))
          for (const [member, joined] of await join(tenant, some))
            done.set(key(some[0]!.user, some[0]!.window, member), joined)
      })
      return joinings.map(({ user, window, member }) => done.get(key(user, window, member))!)
    },

    joined: (tenant, members) =>
      Promise.all(
        members.map(async ({ user, window, member }) => {
          const query = `SELECT id, collected FROM ${table} WHERE ${ROW}`
          const rows = await session.claimed(query, [tenant, user, window, member])
          return rows.map((row) => ({ id: String(row.id), collected: Boolean(row.collected) }))[0]
        }),
      ),

    close: async (tenant, { user, window, id }, leaving) => {
      const end = {
        query: `DELETE FROM ${table} WHERE ${ROW} IF id = ?`,
        params: [tenant, user, WINDOWS, window, id],
      }
      const mark = {
        query: `INSERT INTO ${table} (tenant, user, window, member, id, collected) VALUES (?, ?, ?, ?, ?, false)
          USING TTL ?`,
        params: [tenant, user, window, apartMarker(id), id, ttlUntil(markerUntil())],
      }
      if (await session.claimAll(leaving === 'apart' ? [end, mark] : [end])) return leaving
      const marked = await session.claimed(`SELECT id FROM ${table} WHERE ${ROW}`, [
        ...[tenant, user, window, apartMarker(id)],
      ])
      return marked.length > 0 ? 'apart' : 'together'
    },

    move: async (tenant, { user, window, id }, closesAt) => {
      const query = `UPDATE ${table} SET closes_at = ? WHERE ${ROW} IF id = ?`
      return session.claimAll([{ query, params: [closesAt, tenant, user, WINDOWS, window, id] }])
    },

    open: async (tenant, users) => {
      const found: OpenWindow[] = []
      await forEach(users, async (user) => {
        found.push(...(await openWindows(tenant, user, `${USER} AND window = ?`, [WINDOWS])))
      })
      return found
    },

    get: async (tenant, { user, window }) => (await openWindows(tenant, user, ROW, [WINDOWS, window]))[0],

    members: async (tenant, { user, window, id }) => {
      const rows = await session.rows(
        `SELECT member, id, collected, at, step, personal FROM ${table} WHERE ${USER} AND window = ?`,
        [tenant, user, window],
      )
      const own = rows.filter((row) => String(row.id) === id && row.collected)
      return inOrder(
        own.map((row) => ({
          ...{ member: String(row.member), step: String(row.step), at: Number(row.at) },
          ...(row.personal === null ? {} : { personal: String(row.personal) }),
        })),
      )
    },

    clear: async (tenant, user) => {
      await session.write([
        { query: `DELETE FROM ${table} WHERE ${USER} AND window = ?`, params: [tenant, user, WINDOWS] },
      ])
      const query = `SELECT window, member, writetime(personal) AS written FROM ${table} WHERE ${USER}`
      const remove = `DELETE personal FROM ${table} WHERE ${ROW}`
      for await (const rows of session.scan(query, [[tenant, user]])) {
        const personal = rows.filter(({ written }) => written !== null)
        await session.write(
          personal.map(({ window, member }) => ({ query: remove, params: [tenant, user, window, member] })),
        )
      }
    },
  }
}
