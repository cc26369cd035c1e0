import { z } from 'zod'
import { HORIZON_DAYS, Timestamp } from '../fields/timestamp.ts'

/** What a user may change of an item. `read: true` implies seen; `snoozedUntil: null` wakes it. */
export const ItemPatch = z
  .strictObject({
    seen: z.boolean().optional().describe('Whether it has been seen'),
    read: z.boolean().optional().describe('Whether it has been read; a read item is seen'),
    archived: z.boolean().optional().describe('Whether it is archived'),
    snoozedUntil: Timestamp.nullable()
      .optional()
      .describe(`The instant at which it returns, at most ${HORIZON_DAYS} days ahead; null returns it now`),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'name at least one change')
  .meta({
    id: 'ItemPatch',
    description: 'The changes of one item. At least one has to be named; what is left out stays',
    minProperties: 1,
    not: {
      anyOf: [
        { properties: { read: { const: true }, seen: { const: false } }, required: ['read', 'seen'] },
        {
          properties: { archived: { const: true }, snoozedUntil: { type: 'string' } },
          required: ['archived', 'snoozedUntil'],
        },
      ],
    },
    examples: [{ read: true }, { snoozedUntil: '2026-02-01T08:00:00Z' }],
  })
export type ItemPatch = z.infer<typeof ItemPatch>
