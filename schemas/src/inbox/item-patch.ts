import { z } from 'zod'
import { HORIZON_DAYS, Timestamp } from '../fields/timestamp.ts'

/** The changes that a user may make to an item or its group. `read: true` implies seen; `snoozedUntil: null` ends a snooze. */
export const ItemPatch = z
  .strictObject({
    seen: z.boolean().optional().describe('Whether it has been seen'),
    read: z.boolean().optional().describe('Whether it has been read; a read item is seen'),
    archived: z.boolean().optional().describe('Whether it is archived'),
    snoozedUntil: Timestamp.nullable()
      .optional()
      .describe(`When it returns, at most ${HORIZON_DAYS} days ahead; null returns it now`),
    group: z
      .boolean()
      .optional()
      .describe(
        'Whether the change also applies to the other items of its group that are active, archived or snoozed like this one',
      ),
    together: z
      .boolean()
      .optional()
      .describe(
        'Undoes an earlier change of the group. With `group` and `archived: false` or `snoozedUntil: null`, the change applies only to other items that were archived at the same time as this one, or snoozed until the same time',
      ),
  })
  .refine(
    ({ group: _, together: __, ...patch }) => Object.values(patch).some((value) => value !== undefined),
    'name at least one change',
  )
  .meta({
    id: 'ItemPatch',
    description:
      'Changes of one item, or of its group. At least one change is required; omitted properties do not change',
    anyOf: ['seen', 'read', 'archived', 'snoozedUntil'].map((name) => ({ required: [name] })),
    not: {
      anyOf: [
        { properties: { read: { const: true }, seen: { const: false } }, required: ['read', 'seen'] },
        {
          properties: { archived: { const: true }, snoozedUntil: { type: 'string' } },
          required: ['archived', 'snoozedUntil'],
        },
      ],
    },
    examples: [{ read: true }, { snoozedUntil: '2026-02-01T08:00:00Z' }, { archived: true, group: true }],
  })
export type ItemPatch = z.infer<typeof ItemPatch>
