import type { Users } from '@carillon/core/store/ports/users'

/**
 * Takes a write about users back if they were erased while it was made: the erasure may have looked for it before it was
 * there. `since` is the earliest erasure that counts, epoch ms: with a user token the time it was issued, by default the
 * beginning of the write.
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
