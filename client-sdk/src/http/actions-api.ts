import type { ClickSource, Counts, InboxItem, ItemPatch } from '@carillon/schemas'
import type { ItemFilter } from '@carillon/schemas/item-rules'
import type { CarillonError } from './error.ts'
import type { Request } from './request.ts'

/** Maximum number of ids in one request. */
const IDS_MAX = 100

export type Answer = {
  counts?: Counts | undefined
  item?: InboxItem
  ids?: string[]
  /** When items were archived together. */
  archivedAt?: string
  /** Where `unarchive-all` continues. */
  after?: string | null
}

/** The items that a verb changes. */
type Part = ItemFilter & {
  status?: 'read' | undefined
  through?: string | undefined
  archivedAt?: string
  after?: string
}

/**
 * The routes of the hub's HTTP API that change items. Every change is idempotent. Rejects with a CarillonError if the hub
 * returns a problem, and with the error of `fetch` if it does not respond.
 */
export const createActionsApi = (request: Request) => {
  const call: Request = (method, path, body) => request(method, `/inbox${path}`, body)
  const one = (id: string) => `/${encodeURIComponent(id)}`

  return {
    patch: (id: string, patch: ItemPatch) => call<Answer>('PATCH', one(id), patch),
    remove: (id: string, group?: boolean): Promise<Answer> =>
      call<Answer>('DELETE', one(id) + (group ? '?group=true' : '')).catch((error: CarillonError) => {
        // A repeated delete has already taken effect.
        if (error.code === 'not_found') return {}
        throw error
      }),
    act: (id: string, name: string) => call<Answer>('POST', `${one(id)}/actions${one(name)}`),
    async clicked(id: string, via: ClickSource): Promise<Answer> {
      // The `ids` of the answer lack an item that was clicked before.
      return { counts: (await call<Answer>('POST', '/clicked', { ids: [id], via })).counts }
    },
    async seen(ids: readonly string[]): Promise<Answer> {
      let counts: Counts | undefined
      for (let at = 0; at < ids.length; at += IDS_MAX)
        counts = (await call<Answer>('POST', '/seen', { ids: ids.slice(at, at + IDS_MAX) })).counts
      return { counts }
    },
    all: (verb: string, part: Part) => call<Answer>('POST', `/${verb}`, part),
  }
}
export type ActionsApi = ReturnType<typeof createActionsApi>
