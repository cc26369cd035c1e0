import type { Issue, NotificationTypeInput } from '@carillon/schemas'
import { ExpressionError, prepareExpression } from './expression.ts'
import { preparedExpression } from './prepared-expressions.ts'

type Step = { if?: string | undefined }

const issueOf = (path: (string | number)[], { position, message }: ExpressionError): Issue => ({
  path,
  message: `character ${position + 1}: ${message}`,
})

const faultsOf = (
  steps: readonly Step[],
  start: readonly (string | number)[],
  errorOf: (text: string) => ExpressionError | undefined,
): Issue[] =>
  steps.flatMap(({ if: text }, index) => {
    const error = text === undefined ? undefined : errorOf(text)
    return error ? [issueOf([...start, index, 'if'], error)] : []
  })

/** Returns what is wrong with the conditions of a notification's own plan. They are checked without a schema. */
export const planFaults = (plan: readonly Step[] = []): Issue[] =>
  faultsOf(plan, ['plan'], (text) => {
    const prepared = preparedExpression(text)
    return prepared instanceof ExpressionError ? prepared : undefined
  })

/**
 * Returns what is wrong with the conditions of a type: its own, and those of its plan and its variants. Names and types in
 * `data` are checked against the schema, which has to be usable.
 */
export const expressionFaults = ({
  if: condition,
  plan = [],
  variants = [],
  schema,
}: Pick<NotificationTypeInput, 'if' | 'plan' | 'variants' | 'schema'>): Issue[] => {
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
  return [
    ...(own ? [issueOf(['if'], own)] : []),
    ...faultsOf(plan, ['plan'], errorOf),
    ...faultsOf(variants, ['variants'], errorOf),
    ...variants.flatMap((variant, index) =>
      faultsOf(variant.plan ?? [], ['variants', index, 'plan'], errorOf),
    ),
  ]
}
