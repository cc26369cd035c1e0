import type { Counts, InboxItem, InboxPage, ItemPatch } from '@carillon/schemas'
import type { Query } from '../inbox/query.ts'
import type { Timing } from '../timing/timing.ts'
import type { CarillonError } from './error.ts'
import { createCall } from './request.ts'
import type { Tokens } from './token.ts'

/** The hub takes so many ids in one request. */
const IDS_MAX = 100

export type Answer = { counts?: Counts | undefined; item?: InboxItem; ids?: string[] }

/**
 * The hub's HTTP API, as far as a user's token reaches. Rejects with the hub's problem as CarillonError, or with
 * whatever was in the way of an answer. Every change is idempotent.
 */
export const createApi = ({
  url,
  tokens,
  fetch,
  timing,
  signal,
}: {
  /** Ends with a slash. */
  url: string
  tokens: Tokens
  fetch: typeof globalThis.fetch
  timing: Timing
  /** Ends everything. */
  signal: AbortSignal
}) => {
  const call = createCall({ url: `${url}v1/inbox`, tokens, fetch, timeout: timing.request, signal })

  const one = (id: string) => `/${encodeURIComponent(id)}`

  return {
    page: (query: Query & { limit: number; before?: string | undefined }) =>
      // Through JSON, which leaves out what is undefined.
      call<InboxPage>('GET', `?${new URLSearchParams(JSON.parse(JSON.stringify(query)))}`),
    patch: (id: string, patch: ItemPatch) => call<Answer>('PATCH', one(id), patch),
    remove: (id: string): Promise<Answer> =>
      call<Answer>('DELETE', one(id)).catch((error: CarillonError) => {
        // Removing what is not there has done what it should.
        if (error.code === 'not_found') return {}
        throw error
      }),
    act: (id: string, name: string) => call<Answer>('POST', `${one(id)}/actions${one(name)}`),
    async seen(ids: readonly string[]): Promise<Answer> {
      let counts: Counts | undefined
      for (let at = 0; at < ids.length; at += IDS_MAX)
        counts = (await call<Answer>('POST', '/seen', { ids: ids.slice(at, at + IDS_MAX) })).counts
      return { counts }
    },
    all: (verb: string, part: Omit<Query, 'status'> & { through?: string | undefined }) =>
      call<Answer>('POST', `/${verb}`, part),
  }
}
export type Api = ReturnType<typeof createApi>
