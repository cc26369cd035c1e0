/** What is counted for each variant of a type. */
export const FIGURES = ['sent', 'delivered', 'read', 'clicked'] as const
export type Figure = (typeof FIGURES)[number]

/** That something happened to one notification of one person, who got a variant of its type. */
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
 * How many people got, received, read and clicked notifications of each variant. One person counts once for each
 * notification. Figures are sketches of bounded size (`rules/distinct.ts`), so marking again changes nothing, in any order and
 * in any number of processes, and a figure has a standard error of 1.6 %.
 */
export interface VariantFigures {
  mark(tenant: string, marks: readonly VariantMark[]): Promise<void>
  /** Returns the figures of variants of a type, in their order. */
  of(tenant: string, type: string, variants: readonly string[]): Promise<Figures[]>
}
