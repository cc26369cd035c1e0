import {
  type Digests,
  type Joined,
  type Joining,
  MEMBERS_MAX,
  type Member,
  type OpenWindow,
} from '../ports/digests.ts'
import { apartMarker, closesAfter, markerUntil } from '../rules/windows.ts'
import type { Session, Write } from './session.ts'

type WindowRow = { id: string; opensAt: number; closesAt: number; opener: string; size: number }

const PLACE = 'tenant = ? AND user = ? AND window = ?'
const OPEN = `SELECT id, opens_at AS opensAt, closes_at AS closesAt, opener, size FROM digest_windows WHERE ${PLACE}`
const JOINED = `SELECT id, collected FROM digest_members WHERE ${PLACE} AND member = ?`
const MEMBER = `INSERT INTO digest_members (tenant, user, window, member, id, collected, at, step, personal, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const WINDOW =
  'SELECT user, window, id, opens_at AS opensAt, closes_at AS closesAt, about, size FROM digest_windows WHERE tenant = ? AND user IN (SELECT value FROM json_each(?))'

const joinOne = ({ run, first }: Write, tenant: string, joining: Joining): Joined => {
  const { user, window, member, step, personal = null, at, until, open } = joining
  const place = [tenant, user, window]
  const current = first<WindowRow>(OPEN, place)
  const before = first<{ id: string; collected: number }>(JOINED, [...place, member])
  if (before) {
    const same = current?.id === before.id ? current : undefined
    return {
      id: before.id,
      closesAt: same?.closesAt ?? 0,
      opened: same?.opener === member,
      collected: before.collected === 1,
      filled: (same?.size ?? 0) >= MEMBERS_MAX,
    }
  }
  const opened = current === undefined
  const id = current?.id ?? open.id
  const closesAt = current ? closesAfter(current, joining) : open.closesAt
  const collected = !(opened && joining.first)
  const size = (current?.size ?? 0) + 1
  if (opened)
    run(
      `INSERT INTO digest_windows (tenant, user, window, id, opens_at, closes_at, opener, about, size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [...place, id, at, closesAt, member, open.about, size],
    )
  else run(`UPDATE digest_windows SET closes_at = ?, size = ? WHERE ${PLACE}`, [closesAt, size, ...place])
  run(MEMBER, [...place, member, id, ...(collected ? [1, at, step, personal] : [0, at, '', null]), until])
  return { id, closesAt, opened, collected, filled: size >= MEMBERS_MAX }
}

export const sqliteDigests = (session: Session): Digests => ({
  join: (tenant, joinings) =>
    session.write((write) => joinings.map((joining) => joinOne(write, tenant, joining)), 'synced'),

  joined: (tenant, members) =>
    Promise.all(
      members.map(async ({ user, window, member }) => {
        const found = await session.all<{ id: string; collected: number }>(JOINED, [
          ...[tenant, user, window, member],
        ])
        return found.map(({ id, collected }) => ({ id, collected: collected === 1 }))[0]
      }),
    ),

  close: (tenant, { user, window, id }, leaving) =>
    session.write(({ run, first }) => {
      const place = [tenant, user, window]
      const marker = apartMarker(id)
      const closed = run(`DELETE FROM digest_windows WHERE ${PLACE} AND id = ?`, [...place, id]).changes > 0
      if (closed && leaving === 'apart')
        run(MEMBER, [...place, marker, id, 0, Date.now(), '', null, markerUntil()])
      if (closed) return leaving
      return first(JOINED, [...place, marker]) ? 'apart' : 'together'
    }, 'synced'),

  move: (tenant, { user, window, id }, closesAt) =>
    session.write(
      ({ run }) =>
        run(`UPDATE digest_windows SET closes_at = ? WHERE ${PLACE} AND id = ?`, [
          ...[closesAt, tenant, user, window, id],
        ]).changes > 0,
    ),

  open: (tenant, users) => session.all<OpenWindow>(WINDOW, [tenant, JSON.stringify(users)]),

  get: async (tenant, { user, window }) =>
    (await session.all<OpenWindow>(`${WINDOW} AND window = ?`, [tenant, JSON.stringify([user]), window]))[0],

  members: async (tenant, { user, window, id }) => {
    const rows = await session.all<Member & { personal: string | null }>(
      `SELECT member, step, personal, at FROM digest_members
       WHERE ${PLACE} AND id = ? AND collected = 1 ORDER BY at, member`,
      [tenant, user, window, id],
    )
    return rows.map(({ personal, ...member }) => ({ ...member, ...(personal === null ? {} : { personal }) }))
  },
})
