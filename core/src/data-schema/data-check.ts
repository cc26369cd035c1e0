import type { Issue, NotificationType } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import { pathOf } from '../json/pointer.ts'
import { type DataSchema, prepareDataSchema } from './data-schema.ts'

/** Versions of types whose schemas are kept. */
const VERSIONS_MAX = 1_000

type Described = Pick<NotificationType, 'key' | 'version' | 'schema'>

/**
 * Returns a function that checks `data` against the schema of a type. It returns the first fault, with its path in the
 * notification; undefined if the data matches, or if the type has no schema. Missing data is an empty object. A version
 * never changes, so its schema is prepared once.
 */
export const createDataCheck = () => {
  const kept = new LRUCache<string, DataSchema>({ max: VERSIONS_MAX })
  const prepared = (tenant: string, { key, version, schema }: Described): DataSchema | undefined => {
    if (schema === undefined) return undefined
    const place = `${tenant}\n${key}\n${version}`
    const known = kept.get(place)
    if (known) return known
    const validate = prepareDataSchema(schema)
    kept.set(place, validate)
    return validate
  }
  return (tenant: string, type: Described | undefined, data: unknown = {}): Issue | undefined => {
    const fault = type && prepared(tenant, type)?.(data)
    return fault && { path: ['data', ...pathOf(fault.pointer)], message: fault.message }
  }
}

export type DataCheck = ReturnType<typeof createDataCheck>
