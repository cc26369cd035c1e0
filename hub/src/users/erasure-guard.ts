import type { Users } from '@carillon/core/store/ports/users'

/**
 * Undoes a write about users who were erased during it, because the erasure may have missed the write.
 * `since`: the earliest erasure that counts, epoch ms; the time of issue for a user token, or by default the
 * start of the write.
 */
export const createErasureGuard =
  (users: Pick<Users, 'erased'>) =>
  async (
    tenant: string,
    ids: readonly string[],
    parts: { write: () => Promise<void>; undo: (ids: readonly string[]) => Promise<void>; since?: number },
  ): Promise<void> => {
    const { write, undo, since } = parts
    const before = since === undefined ? await users.erased(tenant, ids) : undefined
    await write()
    const after = await users.erased(tenant, ids)
    const erased = ids.filter((id) => {
      const erasedAt = after.get(id)?.erasedAt
      if (erasedAt === undefined) return false
      return since === undefined ? erasedAt !== before?.get(id)?.erasedAt : erasedAt >= since
    })
    if (erased.length > 0) await undo(erased)
  }

export type ErasureGuard = ReturnType<typeof createErasureGuard>
