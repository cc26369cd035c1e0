import { setImmediate } from 'node:timers/promises'
import {
  type CatalogueChange,
  type CatalogueCheck,
  type CatalogueInput,
  type Issue,
  pointerTo,
} from '@carillon/schemas'
import { differencesOf } from './differences.ts'
import type { Checked, Kind, Resource, Stored } from './kind.ts'

type KindName = keyof CatalogueInput
export type Kinds = { [name in KindName]: Kind }

const FOUND_MAX = 1_000

/** Drops what JSON does not have, so that a parsed resource equals a stored one. */
const asJson = (resource: Resource): Resource => JSON.parse(JSON.stringify(resource))

const below = (path: readonly string[], issues: readonly Issue[]) =>
  issues.map((issue) => ({ pointer: pointerTo([...path, ...issue.path]), message: issue.message }))

const changesOf = (
  name: string,
  given: ReadonlyMap<string, Resource>,
  stored: ReadonlyMap<string, Stored>,
): CatalogueChange[] => {
  const tagged = (etag: string | undefined) => (etag === undefined ? {} : { etag })
  const written = [...given].flatMap(([key, resource]): CatalogueChange[] => {
    const old = stored.get(key)
    const differences = differencesOf(old ? asJson(old.resource) : {}, asJson(resource))
    if (old && differences.length === 0) return []
    const change = old ? 'changed' : 'added'
    return [{ pointer: pointerTo([name, key]), change, ...tagged(old?.etag), differences }]
  })
  const removed = [...stored].flatMap(([key, { etag }]): CatalogueChange[] =>
    given.has(key)
      ? []
      : [{ pointer: pointerTo([name, key]), change: 'removed', ...tagged(etag), differences: [] }],
  )
  return [...written, ...removed]
}

/**
 * Checks a whole set of resources, as if it were written, and compares it with what is stored. `kinds` is in the order of
 * writing: a resource refers to earlier kinds. Changes nothing.
 */
export const createCatalogueCheck =
  (kinds: Kinds) =>
  async (tenant: string, input: CatalogueInput): Promise<CatalogueCheck> => {
    const entries = (Object.entries(kinds) as [KindName, Kind][]).flatMap(([name, kind]) => {
      const resources = input[name]
      return resources ? [{ name, kind, resources }] : []
    })
    const errors: CatalogueCheck['errors'] = []
    const warnings: CatalogueCheck['warnings'] = []
    const set: Checked = {}

    for (const { name, kind, resources } of entries) {
      const parsed = new Map<string, Resource>()
      for (const [key, value] of Object.entries(resources)) {
        const result = kind.parse(key, value)
        if (result.success) parsed.set(key, result.data)
        else errors.push(...below([name, key], result.issues))
      }
      set[name] = parsed
    }
    for (const { name, kind } of entries)
      for (const [key, resource] of set[name] ?? []) {
        // A large set takes long to check. Other requests come in between.
        await setImmediate()
        const faults = await kind.faults(tenant, key, resource, set)
        errors.push(...below([name, key], faults))
        if (faults.length > 0) continue
        for (const warning of await kind.warnings(tenant, key, resource))
          warnings.push({ ...warning, pointer: `${pointerTo([name, key])}${warning.pointer}` })
      }
    const changes: CatalogueChange[] = []
    if (errors.length === 0)
      for (const { name, kind } of entries)
        changes.push(...changesOf(name, set[name] ?? new Map(), await kind.stored(tenant)))
    return { errors: errors.slice(0, FOUND_MAX), warnings: warnings.slice(0, FOUND_MAX), changes }
  }
