/** A user token, or how to get one, for example from your own backend. */
export type TokenSource = string | (() => string | Promise<string>)

/** Keeps the current token. All who need a new one at the same time share one call of the token function. */
export const createTokens = (source: TokenSource) => {
  let current: string | undefined
  let asking: Promise<string> | undefined

  return {
    /** A fixed token cannot be renewed: once refused, it stays refused. */
    fixed: typeof source === 'string',
    /** The current token; another one, if it is the one that the hub refused. */
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
