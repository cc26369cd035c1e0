import type { Issue, NotificationTypeInput } from '@carillon/schemas'
import { ExpressionError, prepareExpression } from './expression.ts'
import { preparedExpression } from './prepared-expressions.ts'

type Step = { if?: string | undefined }

const issueOf = (path: (string | number)[], { position, message }: ExpressionError): Issue => ({
  path,
  message: `character ${position + 1}: ${message}`,
})

function* faultsOf(
  steps: readonly Step[],
  start: readonly (string | number)[],
  errorOf: (text: string) => ExpressionError | undefined,
): Generator<Issue[]> {
  for (const [index, { if: text }] of steps.entries()) {
    const error = text === undefined ? undefined : errorOf(text)
    yield error ? [issueOf([...start, index, 'if'], error)] : []
  }
}

/** Returns what is wrong with the conditions of a notification's own plan. They are checked without a schema. */
export const planFaults = (plan: readonly Step[] = []): Issue[] =>
  [
    ...faultsOf(plan, ['plan'], (text) => {
      const prepared = preparedExpression(text)
      return prepared instanceof ExpressionError ? prepared : undefined
    }),
  ].flat()

/**
 * Yields what is wrong with the conditions of a type: its own, and those of its plan and its variants. Names and types in
 * `data` are checked against the schema, which has to be usable. A unit is one condition.
 */
export function* expressionFaults({
  if: condition,
  plan = [],
  variants = [],
  schema,
}: Pick<NotificationTypeInput, 'if' | 'plan' | 'variants' | 'schema'>): Generator<Issue[]> {
  const errorOf = (text: string) => {
    try {
      prepareExpression(text, schema)
      return undefined
    } catch (error) {
      if (error instanceof ExpressionError) return error
      throw error
    }
  }
  const own = condition === undefined ? undefined : errorOf(condition)
  yield own ? [issueOf(['if'], own)] : []
  yield* faultsOf(plan, ['plan'], errorOf)
  yield* faultsOf(variants, ['variants'], errorOf)
  for (const [index, variant] of variants.entries())
    yield* faultsOf(variant.plan ?? [], ['variants', index, 'plan'], errorOf)
}
