import type { Result, Router } from 'hono/router'
import { TrieRouter } from 'hono/router/trie-router'

/**
 * Creates a router that searches each fixed path, one without parameters, once for each method. Hono's trie costs more than the rest
 * of its dispatch, and its faster `RegExpRouter` does not support words beside parameters, as in `/v1/inbox/{id}` and
 * `/v1/inbox/seen`. All routes must be added before the first match.
 */
export const createRouter = <Handler>(): Router<Handler> => {
  const trie = new TrieRouter<Handler>()
  const fixed = new Map<string, Map<string, Result<Handler>>>()
  return {
    name: 'trie with fixed paths',
    add: (method, path, handler) => {
      trie.add(method, path, handler)
      if (!/[:*]/.test(path)) fixed.set(path, new Map())
    },
    match: (method, path) => {
      const known = fixed.get(path)
      if (!known) return trie.match(method, path)
      const found = known.get(method) ?? trie.match(method, path)
      if (!known.has(method)) known.set(method, found)
      return found
    },
  }
}
