import { z } from 'zod'

/** The longest expression, in UTF-16 code units. */
export const EXPRESSION_MAX = 2_000

/** An expression in CEL. Its syntax is checked where it is written. */
export const Expression = z.string().min(1).max(EXPRESSION_MAX)
