import { z } from 'zod'
import { isJsonObject } from '../fields/json.ts'
import { problemDetails } from '../problems/problem.ts'
import { UserProfile } from '../user/profile.ts'
import type { Issue } from '../validation/explain.ts'
import { type Parsed, parse } from '../validation/parse.ts'

/** Something that was accepted but may be a mistake. */
export const Warning = z
  .object({
    code: z
      .string()
      .describe(
        'A stable code. `ignored`: the value at `pointer` was dropped. `maybe_missing`: a template shows a value that may be missing. `not_a_link`: a URL is not a link, whatever the data. `unknown_type`: the type is not defined, so defaults apply. `untranslated`: a text has no translation. `no_account`: no provider account serves a channel of the plan',
      ),
    pointer: z.string().describe('The place in the request, a JSON Pointer (RFC 6901)'),
    message: z.string().describe('The reason, for people'),
  })
  .meta({
    id: 'Warning',
    description: 'Something in a request that was accepted but may be a mistake',
    examples: [{ code: 'ignored', pointer: '/to/email', message: 'must be an e-mail address' }],
  })
export type Warning = z.infer<typeof Warning>

const ATTRIBUTES = Object.entries(UserProfile.shape)

/** Returns a recipient without its invalid attributes, whose issues are added to `left`. */
const withoutBadAttributes = (recipient: unknown, path: PropertyKey[], left: Issue[]): unknown => {
  if (!isJsonObject(recipient) || !Object.hasOwn(recipient, 'user')) return recipient
  const kept = { ...recipient }
  for (const [name, schema] of ATTRIBUTES) {
    if (!Object.hasOwn(recipient, name)) continue
    const parsed = parse(schema, recipient[name])
    if (parsed.success) continue
    delete kept[name]
    left.push(...parsed.issues.map((issue) => ({ ...issue, path: [...path, name, ...issue.path] })))
  }
  return kept
}

/**
 * Parses a notification. An invalid attribute of a recipient, such as an e-mail address, does not reject the notification: it
 * is removed and reported as a warning. At most ten warnings are returned.
 */
export const parseLenient = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Parsed<z.output<Schema>> & { warnings: Warning[] } => {
  const strict = parse(schema, value)
  if (strict.success || !isJsonObject(value) || !Object.hasOwn(value, 'to'))
    return { ...strict, warnings: [] }
  const left: Issue[] = []
  const to = Array.isArray(value.to)
    ? value.to.map((recipient, index) => withoutBadAttributes(recipient, ['to', index], left))
    : withoutBadAttributes(value.to, ['to'], left)
  if (left.length === 0) return { ...strict, warnings: [] }
  const warnings = problemDetails(left).map((detail) => ({ code: 'ignored' as const, ...detail }))
  const lenient = parse(schema, { ...value, to })
  return { ...lenient, warnings }
}
