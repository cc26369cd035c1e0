import type { ActionsApi, Answer } from '../http/actions-api.ts'
import type { Outbox } from './outbox.ts'

/** Restores the items of an `archive-all`, given its response. Each request examines a bounded number of archived items. */
export const undoArchive = (
  { archivedAt = '' }: Answer,
  all: ActionsApi['all'],
  send: Outbox['send'],
): Promise<void> => {
  const verb = 'unarchive-all'
  const call = async (): Promise<Answer> => {
    const ids: string[] = []
    for (let after: string | null | undefined; ; ) {
      const part = await all(verb, { archivedAt, ...(after && { after }) })
      ids.push(...(part.ids ?? []))
      after = part.after
      if (!after) return { counts: part.counts, ids }
    }
  }
  return send({ verb, ids: [], change: { archivedAt: null }, call })
}
