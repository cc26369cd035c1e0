import type { VariantMark } from '@carillon/core/store/ports/variant-figures'
import type { Entry } from './item.ts'

/** Returns a `sent` mark for each entry with a variant. Tests are not counted. */
export const sentMarks = (entries: readonly Entry[]): (VariantMark & { tenant: string })[] =>
  entries.flatMap(({ ready: { tenant, id, notification }, user, planned: { variant } }) =>
    variant === undefined || notification.test
      ? []
      : [{ tenant, type: notification.type, variant, figure: 'sent', notification: id, user }],
  )
