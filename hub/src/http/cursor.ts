import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'

/** The longest cursor that is looked at. */
const CURSOR_MAX = 512
const MAC_LENGTH = 22

/**
 * Cursors that only this installation can make and only for the list they were made for: a position, and a MAC
 * (HMAC-SHA-256, cut to 128 bits) over it and its list. They say nothing of what they hold.
 */
export type Cursors = {
  /** `list` names owner and query; its parts are kept apart, whatever they hold. */
  make(list: readonly (string | undefined)[], position: string): string
  /** The position. Throws `cursor_invalid` for anything that `make` did not return for this list. */
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
          'pass the cursor as it came, with the same filters and the same credentials',
        )
      return position
    },
  }
}
