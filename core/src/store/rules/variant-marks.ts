import { grouped } from '../../group-by.ts'
import type { VariantMark } from '../ports/variant-figures.ts'
import { highest, type Register, registerOf } from './distinct.ts'

/** Marks of one figure, as raised registers. */
export type RaisedFigure = Pick<VariantMark, 'type' | 'variant' | 'figure'> & { registers: Register[] }

/** Returns the registers that marks raise, each once, by figure. */
export const raisedBy = (marks: readonly VariantMark[]): RaisedFigure[] =>
  [...grouped(marks, ({ type, variant, figure }) => `${type}\n${variant}\n${figure}`).values()].flatMap(
    (some) => {
      const [first] = some
      if (!first) return []
      const { type, variant, figure } = first
      const registers = highest(some.map(({ notification, user }) => registerOf(`${notification}\n${user}`)))
      return [{ type, variant, figure, registers }]
    },
  )
