import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'

/** Cursors are truncated to this length before they are decoded. */
const CURSOR_MAX = 512
const MAC_LENGTH = 22

/**
 * Signed cursors. A cursor contains a position and a MAC (HMAC-SHA-256, truncated to 128 bits) of the
 * position and its list. Only this installation can create it, and it is valid for that list only.
 */
export type Cursors = {
  /** Returns a cursor. `list` names the owner and the query; its parts are encoded unambiguously. */
  make(list: readonly (string | undefined)[], position: string): string
  /** Returns the position of a cursor. Throws `cursor_invalid` unless `make` returned it for this list. */
  read(list: readonly (string | undefined)[], cursor: string): string
}

export const createCursors = (rootSecret: string): Cursors => {
  const key = Buffer.from(hkdfSync('sha256', rootSecret, '', 'carillon cursor v1', 32))
  const mac = (list: readonly (string | undefined)[], position: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([position, list.map((part) => part ?? null)]))
      .digest('base64url')
      .slice(0, MAC_LENGTH)
  const make: Cursors['make'] = (list, position) =>
    mac(list, position) + Buffer.from(position).toString('base64url')
  return {
    make,
    read: (list, cursor) => {
      const position = Buffer.from(cursor.slice(MAC_LENGTH, CURSOR_MAX), 'base64url').toString()
      const given = Buffer.from(cursor)
      const expected = Buffer.from(make(list, position))
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        throw new ProblemError(
          'cursor_invalid',
          'pass the cursor unchanged, with the same filters and credentials',
        )
      return position
    },
  }
}
