import type { Change, Invalidations } from '@carillon/core/cache/invalidation/port'
import { UnavailableError } from '@carillon/core/errors'
import { grouped, slices } from '@carillon/core/group-by'
import { idleRoom, userRooms } from '@carillon/core/live/room'
import type { LiveServer } from '@carillon/core/live/server'
import type { Users } from '@carillon/core/store/ports/users'
import type { Log } from '@carillon/core/telemetry/log'
import type { LiveSocket } from './handshake.ts'

/** Users per look-up. */
const AT_ONCE = 500

/**
 * Closes connections of erased users whose token was issued before the erasure. `check` retries failed look-ups; call it
 * periodically.
 */
export const watchErasures = (parts: {
  io: LiveServer
  users: Pick<Users, 'erased'>
  invalidations: Pick<Invalidations, 'subscribe'>
  log: Log
}): { check(): void } => {
  const { io, users, invalidations, log } = parts
  const { sockets, adapter } = io.of('/')
  /** Ids of sockets to check. */
  const suspects = new Set<string>()
  let checking = false

  const close = async (tenant: string, some: readonly LiveSocket[]) => {
    const erasures = await users.erased(tenant, [...new Set(some.map(({ data }) => data.user))])
    for (const socket of some) {
      const { erasedAt = Number.NEGATIVE_INFINITY } = erasures.get(socket.data.user) ?? {}
      suspects.delete(socket.id)
      if (socket.data.issuedAt > erasedAt) continue
      log.info({ tenant, reason: 'erased' }, 'connection ended')
      socket.conn.close()
    }
  }

  const closeAll = async () => {
    const found = [...suspects].flatMap((id) => {
      const socket = sockets.get(id)
      if (!socket) suspects.delete(id)
      return socket ? [socket] : []
    })
    for (const [tenant, together] of grouped(found, ({ data }) => data.tenant))
      for (const some of slices(together, AT_ONCE)) await close(tenant, some)
  }

  const check = async () => {
    if (checking || suspects.size === 0) return
    checking = true
    try {
      await closeAll()
    } catch (err) {
      if (!(err instanceof UnavailableError)) log.error({ err }, 'connections could not be checked')
    } finally {
      checking = false
    }
  }

  const suspect = ({ kind, tenant, id = '' }: Change) => {
    if (kind !== 'erasure') return
    const { whole, limited } = userRooms(tenant, id)
    for (const room of [whole, idleRoom(whole), limited])
      for (const socket of adapter.rooms.get(room) ?? []) suspects.add(socket)
  }

  invalidations.subscribe((changes) => {
    if (changes === 'all') for (const id of sockets.keys()) suspects.add(id)
    else for (const change of changes) suspect(change)
    void check()
  })
  return { check: () => void check() }
}
