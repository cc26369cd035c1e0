import { grouped } from '@carillon/core/group-by'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Figure, VariantFigures, VariantMark } from '@carillon/core/store/ports/variant-figures'
import type { Log } from '@carillon/core/telemetry/log'
import type { LifecycleKind } from '@carillon/schemas'
import type { Happening } from './announce.ts'

/** The figures that a verb counts in. An action or a click also marks the item as read. Tests are not counted. */
const FIGURES: Partial<Record<LifecycleKind, readonly Figure[]>> = {
  received: ['delivered'],
  read: ['read'],
  acted: ['read', 'clicked'],
  clicked: ['read', 'clicked'],
}

const marksOf = ({ user }: Owner, { kind, items }: Happening): VariantMark[] =>
  (FIGURES[kind] ?? []).flatMap((figure) =>
    items.flatMap(({ type, variant, notification, test }) =>
      variant === undefined || test ? [] : [{ type, variant, figure, notification, user }],
    ),
  )

/**
 * Returns a function that counts verbs in the figures of variants, with one call per tenant. Best effort: failures are
 * logged.
 */
export const createCountVariants =
  ({ variantFigures, log }: { variantFigures: Pick<VariantFigures, 'mark'>; log: Log }) =>
  async (all: readonly (readonly [Owner, Happening])[]): Promise<void> => {
    const marks = all.flatMap(([owner, happening]) =>
      marksOf(owner, happening).map((mark) => ({ ...mark, tenant: owner.tenant })),
    )
    await Promise.all(
      [...grouped(marks, ({ tenant }) => tenant)].map(([tenant, some]) =>
        variantFigures.mark(tenant, some).catch((err: unknown) => {
          log.warn({ err, tenant, marks: some.length }, 'figures of variants were not counted')
        }),
      ),
    )
  }
