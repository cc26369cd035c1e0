import type { UserProfile } from '@carillon/schemas'
import type { InContext } from '../contexts/in-context.ts'
import { type Expression, ExpressionError, type Variables } from './expression.ts'
import { preparedExpression } from './prepared-expressions.ts'

/** The input of conditions. */
export type ConditionFacts = {
  data: Readonly<Record<string, unknown>> | undefined
  user: { id: string; profile: UserProfile | undefined }
  tenancy: Pick<InContext, 'variables'>
}

/** Why a condition does not hold. `detail`: what failed, without values of the data. */
export type Unmet =
  | { reason: 'condition_false'; detail?: undefined }
  | { reason: 'condition_error'; detail: string }

const IS_FALSE: Unmet = { reason: 'condition_false' }

/**
 * Returns the variables of an expression. E-mail address and phone number are omitted, because they must not decide who is
 * reached.
 */
const variablesOf = ({ data = {}, user, tenancy: { variables } }: ConditionFacts): Variables => {
  const { email: _email, phone: _phone, ...profile } = user.profile ?? {}
  return { data, user: { id: user.id, ...profile }, ...variables }
}

/** Reports whether a condition depends on the user. */
export const usesUser = (text: string | undefined): boolean => {
  const expression = text === undefined ? undefined : preparedExpression(text)
  return expression !== undefined && !(expression instanceof ExpressionError) && expression.uses.has('user')
}

const outcomeOf = (expression: Expression | ExpressionError, facts: ConditionFacts) =>
  expression instanceof ExpressionError
    ? { failure: `character ${expression.position + 1}: ${expression.message}` }
    : expression(variablesOf(facts))

/** Returns why a condition does not hold; undefined if it does, or if there is none. An error counts as false. */
export const unmet = (text: string | undefined, facts: ConditionFacts): Unmet | undefined => {
  if (text === undefined) return undefined
  const outcome = outcomeOf(preparedExpression(text), facts)
  if (typeof outcome === 'boolean') return outcome ? undefined : IS_FALSE
  return { reason: 'condition_error', detail: outcome.failure }
}
