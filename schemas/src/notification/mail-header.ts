import { z } from 'zod'

/** Headers that a sender may set beside those that start with `X-`, in lower case. */
const ALLOWED: ReadonlySet<string> = new Set(['references', 'in-reply-to', 'list-id', 'importance'])
/** Headers that control a provider, or that only Carillon sets. */
const RESERVED =
  /^x-(?:smtpapi|sg-|ses-|amz|aws-|mailgun-|mc-|mj-|mailjet-|pm-|postmark-|msys-|tm-|carillon-|google-|ms-exchange-|microsoft-|gm-|originating-ip)/i
const HEADERS_MAX = 20
/** RFC 5322, 2.1.1: a line has at most 998 characters, with the name of its header. */
const VALUE_MAX = 900

const Name = z
  .string()
  .max(76)
  .regex(/^(?:[Xx]-[A-Za-z0-9-]+|[A-Za-z-]+)$/, 'must be the name of a header, such as X-Order')
  .check((payload) => {
    const name = payload.value.toLowerCase()
    const known = ALLOWED.has(name) || (name.startsWith('x-') && !RESERVED.test(name))
    if (!known)
      payload.issues.push({
        code: 'custom',
        input: payload.value,
        message: 'must be References, In-Reply-To, List-Id, Importance, or start with X- and not be reserved',
      })
  })

/** One line of ASCII: a line break would start another header. */
const Value = z
  .string()
  .max(VALUE_MAX)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be one line of printable ASCII')

/** The headers that a sender adds to an e-mail. */
export const MailHeaders = z
  .record(Name, Value)
  .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `at most ${HEADERS_MAX} headers`)
  .refine((headers) => {
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    return new Set(names).size === names.length
  }, 'a header must not occur twice')
  .meta({
    id: 'MailHeaders',
    description:
      'Headers of an e-mail: `References`, `In-Reply-To`, `List-Id`, `Importance`, and those that start with `X-` and do not control a provider',
    examples: [{ 'X-Order': 'A-7', References: '<order-a-7@example.com>' }],
  })
