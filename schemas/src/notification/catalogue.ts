import { z } from 'zod'
import { JsonObject } from '../fields/json.ts'
import { Warning } from './warnings.ts'

const RESOURCES_MAX = 1_000

/** Resources of one kind by key. They are checked one by one, so that all problems of a set are found at once. */
const resources = (what: string) =>
  z
    .record(z.string().max(512), JsonObject)
    .refine(
      (found) => Object.keys(found).length <= RESOURCES_MAX,
      `at most ${RESOURCES_MAX} resources of a kind`,
    )
    .optional()
    .describe(`${what}, by key. If omitted, the stored ones are used, and nothing is compared`)

export const CatalogueInput = z
  .strictObject({
    env: JsonObject.optional().describe('The variables of templates'),
    partials: resources('Partials'),
    layouts: resources('Layouts'),
    categories: resources('Categories'),
    types: resources('Notification types'),
    tenant: JsonObject.optional().describe('The settings of the tenant. Needs `tenant:read`'),
    contexts: resources('Contexts').describe(
      'Contexts, by key. Those that are not given are left alone. Needs `contexts:read`',
    ),
    schedules: resources('Schedules').describe('Schedules, by id. Needs `schedules:read`'),
  })
  .meta({
    id: 'CatalogueInput',
    description: 'A set of resources to check. They may refer to each other',
    examples: [{ types: { 'order.shipped': { content: { title: 'Order {{ data.number }} was shipped' } } } }],
  })
export type CatalogueInput = z.infer<typeof CatalogueInput>

const Difference = z
  .object({
    pointer: z.string().describe('The place in the resource, a JSON Pointer (RFC 6901)'),
    before: z.unknown().optional().describe('The stored value; absent if there was none'),
    after: z.unknown().optional().describe('The new value; absent if it is removed'),
  })
  .meta({
    id: 'CatalogueDifference',
    description: 'A value that differs',
    examples: [{ pointer: '/content/title', before: 'Shipped', after: 'On its way' }],
  })
export type CatalogueDifference = z.infer<typeof Difference>

const Change = z
  .object({
    pointer: z.string().describe('The resource in the set: its kind and key'),
    change: z
      .enum(['added', 'changed', 'removed'])
      .meta({ id: 'CatalogueChangeKind', description: 'What writing the set would do to a resource' }),
    etag: z.string().optional().describe('The `ETag` of what is stored, for `If-Match`'),
    differences: z.array(Difference).describe('What differs; empty if the resource is removed'),
  })
  .meta({
    id: 'CatalogueChange',
    description: 'A resource that differs from what is stored',
    examples: [
      {
        ...{ pointer: '/types/order.shipped', change: 'changed', etag: '"3"' },
        differences: [{ pointer: '/content/title', before: 'Shipped', after: 'On its way' }],
      },
    ],
  })
export type CatalogueChange = z.infer<typeof Change>

const Fault = z
  .object({
    pointer: z.string().describe('The place in the set, a JSON Pointer (RFC 6901)'),
    message: z.string().describe('The reason, for people'),
  })
  .meta({
    id: 'CatalogueError',
    description: 'An error in a set of resources',
    examples: [
      { pointer: '/types/order.shipped/content/title', message: 'line 1: output "{{ x" not closed' },
    ],
  })

export const CatalogueCheck = z
  .object({
    errors: z.array(Fault).describe('Why the set cannot be written; empty if it can'),
    warnings: z.array(Warning).describe('What may be an oversight'),
    changes: z
      .array(Change)
      .describe('What writing the set would change, in the order of writing. Empty if there are errors'),
  })
  .meta({
    id: 'CatalogueCheck',
    description: 'What writing a set of resources would do',
    examples: [
      {
        ...{ errors: [], warnings: [] },
        changes: [
          {
            pointer: '/types/order.shipped',
            change: 'added',
            differences: [{ pointer: '/content/title', after: 'Shipped' }],
          },
        ],
      },
    ],
  })
export type CatalogueCheck = z.infer<typeof CatalogueCheck>
