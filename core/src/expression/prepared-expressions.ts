import { LRUCache } from 'lru-cache'
import { type Expression, ExpressionError, prepareExpression } from './expression.ts'

const KEPT_MAX = 1_000

const kept = new LRUCache<string, Expression | ExpressionError>({ max: KEPT_MAX })

/**
 * Returns an expression over data without a schema, or why it cannot be used. Every expression is prepared once, as it means
 * the same everywhere.
 */
export const preparedExpression = (text: string): Expression | ExpressionError => {
  const known = kept.get(text)
  if (known) return known
  const prepared = attempt(text)
  kept.set(text, prepared)
  return prepared
}

const attempt = (text: string): Expression | ExpressionError => {
  try {
    return prepareExpression(text)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
}
