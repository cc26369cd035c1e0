import { grouped } from '../../group-by.ts'
import { FIGURES, FIGURES_KEPT_MS, type Figures, type VariantFigures } from '../ports/variant-figures.ts'
import { estimateDistinct, type Register } from '../rules/distinct.ts'
import { raisedBy } from '../rules/variant-marks.ts'
import type { Session } from './session.ts'

const RAISE = `INSERT INTO variant_figures (tenant, type, variant, figure, register, rank, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET rank = max(rank, excluded.rank), expires_at = excluded.expires_at`

export const sqliteVariantFigures = (session: Session): VariantFigures => ({
  mark: async (tenant, marks) => {
    const raised = raisedBy(marks)
    if (raised.length === 0) return
    await session.write(({ run }) => {
      const until = Date.now() + FIGURES_KEPT_MS
      for (const { type, variant, figure, registers } of raised)
        for (const { register, rank } of registers)
          run(RAISE, [tenant, type, variant, figure, register, rank, until])
    }, 'committed')
  },

  of: async (tenant, type, variants) => {
    const rows = await session.all<Register & { variant: string; figure: string }>(
      `SELECT variant, figure, register, rank FROM variant_figures
       WHERE tenant = ? AND type = ? AND variant IN (SELECT value FROM json_each(?)) AND expires_at > ?`,
      [tenant, type, JSON.stringify(variants), Date.now()],
    )
    const found = grouped(rows, ({ variant, figure }) => `${variant} ${figure}`)
    const figuresOf = (variant: string) =>
      FIGURES.map((figure) => [figure, estimateDistinct(found.get(`${variant} ${figure}`) ?? [])] as const)
    return variants.map((variant) => Object.fromEntries(figuresOf(variant)) as Figures)
  },
})
