import { checked } from '@carillon/core/json/checked'
import type { Suppressions } from '@carillon/core/store/ports/suppressions'
import { EmailAddress, PhoneNumber, Suppression, SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'
import { next as nextCursor, pageQuery } from './paging.ts'

/** The schema of an address, by channel. */
const ADDRESS = {
  email: EmailAddress,
  sms: PhoneNumber,
  mms: PhoneNumber,
  whatsapp: PhoneNumber,
} as const

const Place = z.object({
  channel: z
    .enum(['email', 'sms', 'mms', 'whatsapp'])
    .meta({ id: 'AddressChannel', description: 'A channel that sends to an address' }),
  address: z.string().meta({
    description: 'An e-mail address, or a phone number as E.164, as the channel needs',
    examples: ['ada@example.com'],
    format: 'address',
  }),
})

const SuppressionRequest = z
  .strictObject({ reason: SuppressionReason.default('manual') })
  .meta({ id: 'SuppressionInput', description: 'The suppression to add', examples: [{ reason: 'manual' }] })

const SuppressionPage = z.object({ suppressions: z.array(Suppression), next: nextCursor('after') }).meta({
  id: 'SuppressionPage',
  description: 'A page of suppressions',
  examples: [{ suppressions: [exampleOf(Suppression)], next: null }],
})

/** Returns the address in a path, validated by its channel. */
const placeOf = ({ channel, address }: z.infer<typeof Place>) => ({
  channel,
  address: checked(z.object({ address: ADDRESS[channel] }), { address }, 'path').address,
})

export const suppressionRoutes = (
  routes: Routes,
  { suppressions, cursors }: { suppressions: Suppressions; cursors: Cursors },
) => {
  routes.sender(
    'suppressions:read',
    {
      method: 'get',
      path: '/v1/suppressions',
      operationId: 'listSuppressions',
      tag: 'Suppressions',
      summary: 'List suppressed addresses',
      description: 'Lists the suppressed addresses, in no particular order.',
      query: z.strictObject(pageQuery()),
      answers: { 200: { description: 'A page of suppressions', schema: SuppressionPage } },
      problems: ['cursor_invalid'],
    },
    async ({ c, query: { limit, after } }, { tenant }) => {
      const list = ['suppressions', tenant]
      const from = after === undefined ? undefined : cursors.read(list, after)
      const page = await suppressions.list(tenant, { after: from, limit })
      const next = page.next === undefined ? null : cursors.make(list, page.next)
      return c.json({ suppressions: page.suppressions, next }, 200, { 'cache-control': 'no-store' })
    },
  )

  routes.sender(
    'suppressions:write',
    {
      method: 'put',
      path: '/v1/suppressions/{channel}/{address}',
      operationId: 'addSuppression',
      tag: 'Suppressions',
      summary: 'Suppress an address',
      description:
        'Adds or replaces a suppression. Nothing is sent to the address on this channel afterwards.',
      params: Place,
      body: SuppressionRequest,
      readOnly: ['channel', 'address', 'at', 'source'],
      bodyOptional: true,
      answers: { 200: { description: 'Suppression added', schema: Suppression } },
    },
    async ({ c, params, body }, { tenant }) => {
      const suppression: Suppression = {
        ...placeOf(params),
        reason: (await body()).reason,
        at: new Date().toISOString(),
        source: null,
      }
      await suppressions.put(tenant, [suppression])
      return c.json(suppression)
    },
  )

  routes.sender(
    'suppressions:write',
    {
      method: 'delete',
      path: '/v1/suppressions/{channel}/{address}',
      operationId: 'removeSuppression',
      tag: 'Suppressions',
      summary: 'Remove a suppression',
      description: 'Removes a suppression, so that messages are sent to the address again.',
      params: Place,
      answers: { 204: { description: 'Suppression removed' } },
    },
    async ({ c, params }, { tenant }) => {
      const { channel, address } = placeOf(params)
      await suppressions.remove(tenant, [{ channel, address }])
      return c.body(null, 204)
    },
  )
}
