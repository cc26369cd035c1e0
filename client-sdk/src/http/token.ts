/**
 * A user token, or a function that gets one, for example from your own backend. Whitespace around a token is ignored.
 */
export type TokenSource = string | (() => string | Promise<string>)

/**
 * Caches the current token. Concurrent callers that need a new one share one call of the token function. Throws `TypeError` if
 * `source` is neither a string nor a function.
 */
export const createTokens = (source: TokenSource) => {
  const fixed = typeof source === 'string'
  if (!fixed && typeof source !== 'function') throw new TypeError('token must be a string or function')
  let current: string | undefined
  let asking: Promise<string> | undefined

  return {
    /** Whether the token is fixed, so that it cannot be renewed. */
    fixed,
    /** Returns the current token, or a new one if the current token is the `refused` one. */
    async get(refused?: string): Promise<string> {
      if (current !== undefined && current !== refused) return current
      asking ??= Promise.resolve(fixed ? source : source()).finally(() => {
        asking = undefined
      })
      // HTTP ignores whitespace around a token, but a socket sends it.
      current = String(await asking).trim()
      return current
    },
  }
}
export type Tokens = ReturnType<typeof createTokens>
