import { WebUrl, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'

/** Schema of a key or token in a config. Only characters that are safe in a header are accepted. */
export const credential = (what: string) =>
  z
    .string({ error: `is missing: ${what}` })
    .regex(/^[\x21-\x7e]{1,1024}$/, 'must be 1 to 1024 printable characters without spaces')
    .describe(what)

/** Schema of an API's base URL. A trailing slash is removed. */
export const baseUrl = (standard: string) =>
  WebUrl.transform(withoutTrailingSlash)
    .default(standard)
    .describe(`The base URL of the API, by default ${standard}`)

/**
 * Schema of a webhook URL in a config. It accepts any web URL; `Http.refusal` reports whether the URL may be
 * requested.
 */
export const endpointUrl = (what: string) => WebUrl.describe(what)

/**
 * Option of a Zod refinement that reports its issue together with the issues of single fields, rather than
 * after them.
 */
export const reportTogether = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
}
