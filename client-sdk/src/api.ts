import type { Counts, InboxItem, InboxPage, ItemPatch } from '@carillon/schemas'
import { createCall } from './call.ts'
import { asError, type CarillonError } from './error.ts'
import type { Query } from './items.ts'
import { backoff, type Timing } from './timing.ts'
import type { Tokens } from './tokens.ts'

/** How often a change is tried before it is given up and undone. */
const TRIES = 4
/** Told to wait longer than this, a change is given up at once: nobody is left hoping that long. */
const PATIENCE_MS = 30_000

/** The hub takes so many ids in one request. */
const IDS_MAX = 100

export type Answer = { counts?: Counts | undefined; item?: InboxItem; ids?: string[] }

/**
 * The hub's HTTP API, as far as a user's token reaches. Rejects with the hub's problem as CarillonError, or with
 * whatever was in the way of an answer.
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

  /** A change, which is idempotent: tried again while that can help. */
  const change = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call<Answer>(method, path, body)
      } catch (thrown) {
        const error = asError(thrown)
        const wait = backoff(error, tries, timing)
        if (signal.aborted || !error.temporary || tries === TRIES || wait > PATIENCE_MS) throw error
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }
  const one = (id: string) => `/${encodeURIComponent(id)}`

  return {
    page: (query: Query & { limit: number; before?: string | undefined }) =>
      // Through JSON, which leaves out what is undefined.
      call<InboxPage>('GET', `?${new URLSearchParams(JSON.parse(JSON.stringify(query)))}`),
    patch: (id: string, patch: ItemPatch) => change('PATCH', one(id), patch),
    remove: (id: string): Promise<Answer> =>
      change('DELETE', one(id)).catch((error: CarillonError) => {
        // Removing what is not there has done what it should.
        if (error.code === 'not_found') return {}
        throw error
      }),
    act: (id: string, name: string) => change('POST', `${one(id)}/actions${one(name)}`),
    async seen(ids: readonly string[]): Promise<Answer> {
      let counts: Counts | undefined
      for (let at = 0; at < ids.length; at += IDS_MAX)
        counts = (await change('POST', '/seen', { ids: ids.slice(at, at + IDS_MAX) })).counts
      return { counts }
    },
    all: (verb: string, part: Omit<Query, 'status'>) => change('POST', `/${verb}`, part),
  }
}
export type Api = ReturnType<typeof createApi>
