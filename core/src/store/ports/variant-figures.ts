/** The figures that are counted for each variant of a type. */
export const FIGURES = ['sent', 'delivered', 'read', 'clicked'] as const
export type Figure = (typeof FIGURES)[number]

/** An event to count: one person got, received, read or clicked a variant of one notification. */
export type VariantMark = {
  type: string
  variant: string
  figure: Figure
  notification: string
  user: string
}

export type Figures = Record<Figure, number>

/** How long a figure is kept after it was last raised. */
export const FIGURES_KEPT_MS = 366 * 86_400_000

/**
 * Counts how many people got, received, read and clicked notifications of each variant. One person counts once for each
 * notification. Figures are HyperLogLog sketches (`rules/distinct.ts`): their size is bounded, their standard error is 1.6 %,
 * and marks are idempotent and commutative.
 */
export interface VariantFigures {
  mark(tenant: string, marks: readonly VariantMark[]): Promise<void>
  /** Returns the figures of variants of a type, in their order. */
  of(tenant: string, type: string, variants: readonly string[]): Promise<Figures[]>
}
