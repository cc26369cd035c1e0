import { FIGURES, FIGURES_KEPT_MS, type Figures, type VariantFigures } from '../ports/variant-figures.ts'
import { estimateDistinct } from '../rules/distinct.ts'
import { raisedBy } from '../rules/variant-marks.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor } from './ttl.ts'

/**
 * Stores each register in a row, with its rank as the timestamp of the cell. The highest rank therefore wins in any order of
 * arrival, without a read. Rows must never be deleted: a deletion has the current time as its timestamp, which would win over
 * every later write.
 */
export const cassandraVariantFigures = (session: Session): VariantFigures => {
  const table = session.table('variant_figures')
  const PARTITION = 'tenant = ? AND type = ? AND variant = ? AND figure = ?'
  return {
    mark: async (tenant, marks) => {
      const query = `UPDATE ${table} USING TIMESTAMP ? AND TTL ? SET rank = ? WHERE ${PARTITION} AND register = ?`
      const ttl = ttlFor(FIGURES_KEPT_MS)
      await forEach(raisedBy(marks), ({ type, variant, figure, registers }) =>
        session.write(
          registers.map(({ register, rank }) => ({
            query,
            params: [rank, ttl, rank, tenant, type, variant, figure, register],
          })),
        ),
      )
    },

    of: async (tenant, type, variants) => {
      const query = `SELECT register, rank FROM ${table} WHERE ${PARTITION}`
      return Promise.all(
        variants.map(async (variant) => {
          const figures = FIGURES.map(async (figure) => {
            const rows = await session.rows(query, [tenant, type, variant, figure])
            const registers = rows.map((row) => ({ register: Number(row.register), rank: Number(row.rank) }))
            return [figure, estimateDistinct(registers)] as const
          })
          return Object.fromEntries(await Promise.all(figures)) as Figures
        }),
      )
    },
  }
}
