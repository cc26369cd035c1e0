import type { Counts, InboxItem, InboxPage, ItemPatch } from '@carillon/schemas'
import { asError, CarillonError, errorOf } from './error.ts'
import type { Query } from './items.ts'
import { backoff, type Timing } from './timing.ts'
import type { Tokens } from './tokens.ts'

/** How often a change is tried before it is given up and undone. */
const TRIES = 4
/** Told to wait longer than this, a change is given up at once: nobody is left hoping that long. */
const PATIENCE_MS = 30_000

export type Answer = { counts: Counts; item?: InboxItem; ids?: string[] }

/** The hub's HTTP API, as far as a user's token reaches. Rejects with CarillonError. */
export const createApi = (options: {
  /** Ends with a slash. */
  url: string
  tokens: Tokens
  fetch: typeof fetch
  timing: Timing
}) => {
  const { tokens, timing } = options
  const closing = new AbortController()

  const once = async <T>(token: string, method: string, path: string, body?: unknown): Promise<T> => {
    const abort = new AbortController()
    const stop = () => abort.abort()
    const timer = setTimeout(stop, timing.request)
    closing.signal.addEventListener('abort', stop)
    try {
      if (closing.signal.aborted) stop()
      const response = await options.fetch(`${options.url}v1/inbox${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: abort.signal,
      })
      if (!response.ok) throw await errorOf(response)
      return await response.json()
    } catch (cause) {
      if (cause instanceof CarillonError) throw cause
      if (closing.signal.aborted) throw new CarillonError('closed', 'The client was closed')
      throw new CarillonError('network', 'The hub does not answer', { temporary: true, cause })
    } finally {
      clearTimeout(timer)
      closing.signal.removeEventListener('abort', stop)
    }
  }

  /** One request; a refused token is renewed once. */
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const token = await tokens.get()
    try {
      return await once<T>(token, method, path, body)
    } catch (error) {
      if (tokens.fixed || asError(error).status !== 401) throw error
      return once<T>(await tokens.renew(token), method, path, body)
    }
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        closing.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      closing.signal.addEventListener('abort', end)
    })

  /** A change, which is idempotent: tried again while that can help. */
  const change = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call<Answer>(method, path, body)
      } catch (thrown) {
        const error = asError(thrown)
        const wait = Math.max(error.retryAfter ?? 0, backoff(tries, timing.retry, timing.retryMax))
        if (!error.temporary || tries === TRIES || wait > PATIENCE_MS) throw error
        await pause(wait)
      }
    }
  }

  return {
    page(query: Query & { limit: number; before?: string | undefined }) {
      const search = new URLSearchParams()
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) search.set(name, String(value))
      return call<InboxPage>('GET', `?${search}`)
    },
    patch: (id: string, patch: ItemPatch) => change('PATCH', `/${encodeURIComponent(id)}`, patch),
    remove: (id: string) => change('DELETE', `/${encodeURIComponent(id)}`),
    act: (id: string, name: string) =>
      change('POST', `/${encodeURIComponent(id)}/actions/${encodeURIComponent(name)}`),
    seen: (ids: readonly string[]) => change('POST', '/seen', { ids }),
    all: (verb: 'read-all' | 'seen-all' | 'archive-all', category: string | undefined) =>
      change('POST', `/${verb}`, category === undefined ? {} : { category }),
    close: () => closing.abort(),
  }
}
export type Api = ReturnType<typeof createApi>
