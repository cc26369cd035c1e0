import { schemaFaults } from '@carillon/core/data-schema/schema-faults'
import { expressionFaults } from '@carillon/core/expression/expression-faults'
import { invalidRequest } from '@carillon/core/json/checked'
import type { NewType } from '@carillon/core/store/ports/types'
import { templateFaults } from '@carillon/core/template/check-type'
import type { References } from '@carillon/core/template/type-templates'
import type { Issue } from '@carillon/schemas'

/** Returns what is wrong with the schema, conditions and templates of a type. `names`: what its templates may refer to. */
export const typeFaults = (type: NewType, names: References): Issue[] => {
  const unusable = schemaFaults(type)
  const schema = unusable.length > 0 ? undefined : type.schema
  return [...unusable, ...expressionFaults({ ...type, schema }), ...templateFaults(type, names)]
}

/**
 * Checks the schema, conditions and templates of a type, which stands at `at` in the request. Throws `invalid_request` with
 * the place of each fault.
 */
export const checkType = (type: NewType, names: References, at: readonly string[] = []): void => {
  const faults = typeFaults(type, names)
  if (faults.length > 0)
    throw invalidRequest(
      faults.map(({ path, message }) => ({ path: [...at, ...path], message })),
      'type',
    )
}
