import type { types } from 'cassandra-driver'
import { type Joined, type Joining, MEMBERS_MAX, type OpenWindow } from '../ports/digests.ts'
import { closesAfter } from '../rules/windows.ts'
import type { Session, Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** The clustering key under which the windows themselves are kept, beside their members. */
export const WINDOWS = ''

export type Current = OpenWindow & { opener: string }

const USER = 'tenant = ? AND user = ?'
export const ROW = `${USER} AND window = ? AND member = ?`
export const WINDOW_COLUMNS = 'member, id, opens_at, closes_at, about, opener, size'

/** Reads the row of a window. */
export const currentOf =
  (user: string) =>
  (row: types.Row): Current => ({
    ...{ user, window: String(row.member), id: String(row.id) },
    ...{ opensAt: Number(row.opens_at), closesAt: Number(row.closes_at) },
    ...{ about: String(row.about), opener: String(row.opener) },
    size: Number(row.size),
  })

/** Returns a function that adds members to one window, each once. */
export const createJoin = (session: Session) => {
  const table = session.table('digests')

  const current = async (tenant: string, user: string, window: string): Promise<Current | undefined> => {
    const rows = await session.rows(`SELECT ${WINDOW_COLUMNS} FROM ${table} WHERE ${ROW}`, [
      tenant,
      user,
      WINDOWS,
      window,
    ])
    return rows.map(currentOf(user))[0]
  }

  const joinedBefore = async (tenant: string, some: readonly Joining[]) => {
    const [{ user, window }] = some as [Joining]
    const found = await session.rows(
      `SELECT member, id, collected FROM ${table} WHERE ${USER} AND window = ? AND member IN ?`,
      [tenant, user, window, some.map(({ member }) => member)],
    )
    return new Map(
      found.map((row) => [String(row.member), { id: String(row.id), collected: Boolean(row.collected) }]),
    )
  }

  const memberStatement = (
    tenant: string,
    { user, window, member, step, personal, at, until }: Joining,
    { id, collected }: { id: string; collected: boolean },
  ): Statement => ({
    query: `INSERT INTO ${table} (tenant, user, window, member, id, collected, at, step, personal)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS USING TTL ?`,
    params: [
      ...[tenant, user, window, member, id, collected, at],
      ...(collected ? [step, personal ?? null] : [null, null]),
      ttlUntil(until),
    ],
  })

  /** Makes the first of some joinings open a window. */
  const opening = (tenant: string, { user, window, member, at, open }: Joining, size: number): Statement => ({
    query: `INSERT INTO ${table} (tenant, user, window, member, id, opens_at, closes_at, opener, about, size)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
    params: [tenant, user, WINDOWS, window, open.id, at, open.closesAt, member, open.about, size],
  })

  /** Succeeds only if the opening is still open, and closes at the time that was read. */
  const keeping = (tenant: string, window: Current, closesAt: number, size: number): Statement => ({
    query: `UPDATE ${table} SET closes_at = ?, size = ? WHERE ${ROW} IF id = ? AND closes_at = ?`,
    params: [closesAt, size, tenant, window.user, WINDOWS, window.window, window.id, window.closesAt],
  })

  /** Tries to add members to one window with one LWT. Resolves with undefined if another process changed it meanwhile. */
  const tryJoin = async (
    tenant: string,
    some: readonly Joining[],
    open: Current | undefined,
  ): Promise<Joined[] | undefined> => {
    const [head] = some as [Joining]
    const start = { opensAt: head.at, closesAt: head.open.closesAt }
    const id = open?.id ?? head.open.id
    let closesAt = open?.closesAt ?? start.closesAt
    for (const joining of open ? some : some.slice(1))
      closesAt = closesAfter({ opensAt: open?.opensAt ?? start.opensAt, closesAt }, joining)
    const size = (open?.size ?? 0) + some.length
    const collects = (joining: Joining) => open !== undefined || joining !== head || !joining.first
    const applied = await session.claimAll([
      open
        ? keeping(tenant, open, closesAt, size)
        : opening(tenant, { ...head, open: { ...head.open, closesAt } }, size),
      ...some.map((joining) => memberStatement(tenant, joining, { id, collected: collects(joining) })),
    ])
    if (!applied) return undefined
    return some.map((joining) => ({
      ...{ id, closesAt, opened: open === undefined && joining === head },
      collected: collects(joining),
      filled: size >= MEMBERS_MAX,
    }))
  }

  return async (tenant: string, all: readonly Joining[]): Promise<Map<string, Joined>> => {
    const [{ user, window }] = all as [Joining]
    const done = new Map<string, Joined>()
    for (let left = all, tried = false; left.length > 0; tried = true) {
      const open = await current(tenant, user, window)
      // A first try assumes that nobody joined before: the LWT finds out.
      if (tried)
        for (const [member, { id, collected }] of await joinedBefore(tenant, left)) {
          const same = open?.id === id ? open : undefined
          const joined = {
            id,
            collected,
            closesAt: same?.closesAt ?? 0,
            filled: (same?.size ?? 0) >= MEMBERS_MAX,
          }
          done.set(member, { ...joined, opened: same?.opener === member })
        }
      left = left.filter(({ member }) => !done.has(member))
      if (left.length === 0) break
      const joined = await tryJoin(tenant, left, open)
      if (!joined) continue
      for (const [index, { member }] of left.entries()) done.set(member, joined[index]!)
      break
    }
    return done
  }
}
