/** A user token, or a function that gets one, for example from your own backend. */
export type TokenSource = string | (() => string | Promise<string>)

/** Caches the current token. Concurrent callers that need a new one share one call of the token function. */
export const createTokens = (source: TokenSource) => {
  let current: string | undefined
  let asking: Promise<string> | undefined

  return {
    /** Whether the token is fixed, so that it cannot be renewed. */
    fixed: typeof source === 'string',
    /** Returns the current token, or a new one if the current token is the `refused` one. */
    async get(refused?: string): Promise<string> {
      if (current !== undefined && current !== refused) return current
      asking ??= Promise.resolve(typeof source === 'string' ? source : source()).finally(() => {
        asking = undefined
      })
      current = await asking
      return current
    },
  }
}
export type Tokens = ReturnType<typeof createTokens>
