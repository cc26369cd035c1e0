import { hash } from 'node:crypto'

/** Returns the name of a window or throttle of a user. Steps with the same name wait, or are counted, together. */
export const windowName = (kind: string, ...parts: readonly string[]): string =>
  hash('sha256', [kind, ...parts].join('\n'), 'base64url').slice(0, 32)
