import type { TokenSource } from '../http/token.ts'

/** Returns a token function that uses the current source, so that a new function of the app does not need a new client. */
export const currentToken = (current: () => TokenSource | undefined) => async (): Promise<string> => {
  const source = current()
  return typeof source === 'function' ? source() : (source ?? '')
}
