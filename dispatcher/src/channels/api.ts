import { timingSafeEqual } from 'node:crypto'

export { readJson } from '@carillon/core/json/json'

import type { Outcome, Tools } from '@carillon/core/delivery/provider'
import { WebUrl, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'

/** A key or token in a config: what can stand in a header. */
export const credential = (what: string) =>
  z
    .string({ error: `is missing: ${what}` })
    .regex(/^[\x21-\x7e]{1,1024}$/, 'must be 1 to 1024 printable characters without spaces')
    .describe(what)

/** Where an API is, without the slash at its end. */
export const baseUrl = (known: string) =>
  WebUrl.transform(withoutTrailingSlash).default(known).describe(`Where the API is, if not ${known}`)

/** The value of `Authorization` for HTTP Basic (RFC 7617). */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Where a provider reports to, once the operator has said where the hub is. */
export const callbackUrl = ({ publicUrl, tenant, account }: Tools): string | undefined =>
  publicUrl && `${withoutTrailingSlash(publicUrl)}/v1/callbacks/${tenant}/${account}`

/** Whether two texts are the same, in a time that does not tell how much of them is. */
export const sameText = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** An answer of success: in doubt when the id of the message cannot be read, for then somebody else may have answered. */
export const outcomeOfSuccess = (id: string | undefined): Outcome =>
  id === undefined
    ? { outcome: 'doubt', reason: 'unreadable_answer', detail: 'the answer names no message' }
    : { outcome: 'sent', id }
