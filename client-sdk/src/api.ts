import type { Counts, InboxItem, InboxPage, ItemPatch } from '@carillon/schemas'
import { asError, type CarillonError, errorOf } from './error.ts'
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
  const once = async <T>(token: string, method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}v1/inbox${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timing.request)]),
    })
    if (!response.ok) throw await errorOf(response)
    return await response.json()
  }

  /** One request; a refused token is renewed once. */
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const token = await tokens.get()
    try {
      return await once<T>(token, method, path, body)
    } catch (error) {
      if (tokens.fixed || asError(error).status !== 401) throw error
      return once<T>(await tokens.get(token), method, path, body)
    }
  }

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
