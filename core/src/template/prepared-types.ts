import type { NotificationType } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import { hasTemplates } from './languages.ts'
import { prepareTemplates, type TemplateOptions, type TypeTemplates } from './type-templates.ts'

/** Versions of types whose templates are kept. */
const VERSIONS_MAX = 1_000

/** Returns the prepared templates of a type; undefined if it has none. A version never changes, so it is prepared once. */
export const createPreparedTypes = (options: TemplateOptions) => {
  const kept = new LRUCache<string, TypeTemplates>({ max: VERSIONS_MAX })
  return (tenant: string, type: NotificationType | undefined): TypeTemplates | undefined => {
    if (!type || !hasTemplates(type)) return undefined
    const place = `${tenant}\n${type.key}\n${type.version}`
    const known = kept.get(place)
    if (known) return known
    const prepared = prepareTemplates(type, options)
    kept.set(place, prepared)
    return prepared
  }
}

export type PreparedTypes = ReturnType<typeof createPreparedTypes>
