import { schemaFaults } from '@carillon/core/data-schema/schema-faults'
import { expressionFaults } from '@carillon/core/expression/expression-faults'
import { invalidRequest } from '@carillon/core/json/checked'
import type { NewType } from '@carillon/core/store/ports/types'
import { templateFaults } from '@carillon/core/template/check-type'
import type { Issue } from '@carillon/schemas'

/** Returns what is wrong with the schema, conditions and templates of a type. */
export const typeFaults = (type: NewType): Issue[] => {
  const unusable = schemaFaults(type)
  const schema = unusable.length > 0 ? undefined : type.schema
  return [...unusable, ...expressionFaults({ ...type, schema }), ...templateFaults(type)]
}

/**
 * Checks the schema, conditions and templates of a type, which stands at `at` in the request. Throws `invalid_request` with
 * the place of each fault.
 */
export const checkType = (type: NewType, at: readonly string[] = []): void => {
  const faults = typeFaults(type)
  if (faults.length > 0)
    throw invalidRequest(
      faults.map(({ path, message }) => ({ path: [...at, ...path], message })),
      'type',
    )
}
