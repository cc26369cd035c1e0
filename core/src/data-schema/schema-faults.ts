import type { Issue, NotificationTypeInput } from '@carillon/schemas'
import { pathOf } from '../json/pointer.ts'
import { prepareDataSchema } from './data-schema.ts'
import { SchemaError } from './schema-error.ts'

/** Returns what is wrong with the schema of a type, or with its sample, which has to fit the schema. */
export const schemaFaults = ({
  schema,
  sample,
}: Pick<NotificationTypeInput, 'schema' | 'sample'>): Issue[] => {
  if (schema === undefined) return []
  try {
    const fault = prepareDataSchema(schema)(sample ?? {})
    if (sample === undefined || !fault) return []
    return [
      { path: ['sample', ...pathOf(fault.pointer)], message: `does not fit the schema: ${fault.message}` },
    ]
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return [{ path: ['schema', ...pathOf(error.pointer)], message: error.message }]
  }
}
