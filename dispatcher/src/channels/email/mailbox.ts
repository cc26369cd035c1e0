import type { Address, Mailbox, Outcome } from '@carillon/core/delivery/provider'
import { readEmail } from '@carillon/schemas'
import { z } from 'zod'

/** Exactly one address: no lists, groups, comments, quoted parts, routes or second `@`. */
const ONE_ADDRESS = /^[^\s\p{C},;:<>()[\]\\"@]{1,64}@[^\s\p{C},;:<>()[\]\\"@]{1,253}$/u
const CONTROL = /\p{Cc}/u
const ADDRESS_MAX = 254

export type { Mailbox }

const emailAddress = (what: string) =>
  z
    .string({ error: `is missing: ${what}` })
    .regex(ONE_ADDRESS, 'must be one e-mail address')
    .max(ADDRESS_MAX)
    .overwrite((email) => readEmail(email) ?? email)
    .describe(what)

/** Schema of a mailbox in a config, such as the sender or the reply-to address. */
export const mailbox = (what: string) =>
  z
    .strictObject(
      {
        email: emailAddress(`the address of ${what}`),
        name: z
          .string()
          .max(256)
          .refine((name) => !CONTROL.test(name), 'must not hold control characters')
          .optional()
          .describe('The display name'),
      },
      { error: (issue) => (issue.input === undefined ? `is missing: ${what}, { email, name }` : undefined) },
    )
    .describe(what)

/** Returns the recipient of a message; undefined if the address is invalid or could be read as several addresses. */
export const recipientOf = (address: Address): Mailbox | undefined => {
  if (address.kind !== 'email') return undefined
  const { email, name } = address
  if (email.length > ADDRESS_MAX || !ONE_ADDRESS.test(email)) return undefined
  return { email, name: name?.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim() }
}

export const INVALID_ADDRESS: Outcome = {
  outcome: 'refused',
  reason: 'invalid_address',
  detail: 'the e-mail address is not valid',
}
