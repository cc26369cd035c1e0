import { timingSafeEqual } from 'node:crypto'
import type { Tools } from '@carillon/core/delivery/provider'
import { withoutTrailingSlash } from '@carillon/schemas'

/** Returns the URL that a provider sends callbacks to; undefined if the operator has not set the hub's public URL. */
export const callbackUrl = ({ publicUrl, tenant, account }: Tools): string | undefined =>
  publicUrl && `${withoutTrailingSlash(publicUrl)}/v1/callbacks/${tenant}/${account}`

/** Compares two strings in constant time. Strings of different lengths are unequal. */
export const constantTimeEqual = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
