import type { ActionsApi, Answer } from '../http/actions-api.ts'
import type { Outbox } from './outbox.ts'

/** Undoes an action that archived items, by the hub's answer to it. One request looks through a part of the archive. */
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
