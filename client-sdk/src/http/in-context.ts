import type { Counts, InboxPage } from '@carillon/schemas'
import type { Request } from './request.ts'

/**
 * Limits requests to one context, even if the token allows more. The hub's counts and positions cover the whole token. Pages
 * therefore get the counts of the context and no position, so the inbox is fetched after each live message.
 */
export const inContext = (request: Request, context: string): Request => {
  const read = async (path: string) => {
    const [route = '', search] = path.split('?')
    const query = new URLSearchParams(search)
    query.set('context', context)
    const answer = request<object>('GET', `${route}?${query}`)
    if (route !== '/inbox') return answer
    // Only the counts of the first page are used.
    const first = !query.has('before')
    const [page, counts] = await Promise.all([
      answer as Promise<InboxPage>,
      first ? request<Counts>('GET', `/inbox/counts?${new URLSearchParams({ context })}`) : undefined,
    ])
    return { ...page, ...(counts && { counts }), position: null }
  }
  const change = async (method: string, path: string, body: unknown) => {
    const part = path.endsWith('-all') ? { ...(body as object), context } : body
    const { counts: _, ...answer } =
      (await request<{ counts?: Counts } | undefined>(method, path, part)) ?? {}
    return answer
  }
  return async <T>(method: string, path: string, body?: unknown) => {
    if (!path.startsWith('/inbox')) return request<T>(method, path, body)
    return (method === 'GET' ? await read(path) : await change(method, path, body)) as T
  }
}
