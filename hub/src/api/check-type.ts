import { dateFaults } from '@carillon/core/data-schema/date-faults'
import { schemaFaults } from '@carillon/core/data-schema/schema-faults'
import { expressionFaults } from '@carillon/core/expression/expression-faults'
import { invalidRequest } from '@carillon/core/json/checked'
import { collected, createPause, type Pause } from '@carillon/core/pause'
import type { NewType } from '@carillon/core/store/ports/types'
import { templateFaults } from '@carillon/core/template/check-type'
import type { References } from '@carillon/core/template/type-templates'
import type { Issue } from '@carillon/schemas'

/**
 * Yields the faults in the schema, conditions, dates and templates of a type. `names`: the names that its templates may use.
 */
export function* typeFaults(type: NewType, names: References): Generator<Issue[]> {
  const unusable = schemaFaults(type)
  yield unusable
  const schema = unusable.length > 0 ? undefined : type.schema
  yield* expressionFaults({ ...type, schema })
  yield dateFaults({ ...type, schema })
  yield* templateFaults(type, names)
}

/** The time for checking one resource. */
const CHECK_MS = 10_000

/** Returns the pause of the checks of one resource. `what` names it. */
export const checkPause = (what: string): Pause => createPause({ what, budgetMs: CHECK_MS })

/**
 * Checks the schema, conditions, dates and templates of a type, which is at `at` in the request. Throws `invalid_request` with
 * the place of each fault.
 */
export const checkType = async (
  type: NewType,
  names: References,
  at: readonly string[] = [],
): Promise<void> => {
  const faults = await collected(typeFaults(type, names), checkPause('the type'))
  if (faults.length > 0)
    throw invalidRequest(
      faults.map(({ path, message }) => ({ path: [...at, ...path], message })),
      'type',
    )
}
