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

/** Drops undefined properties, so that a parsed resource equals a stored one. */
const asJson = (resource: Resource): Resource => JSON.parse(JSON.stringify(resource))

const below = (path: readonly string[], issues: readonly Issue[]) =>
  issues.map((issue) => ({ pointer: pointerTo([...path, ...issue.path]), message: issue.message }))

/** Returns the path of a resource in the set. */
const pathIn = (name: string, { single }: Pick<Kind, 'single'>, key: string): string[] =>
  single ? [name] : [name, key]

const changesOf = (
  name: string,
  kind: Kind,
  given: ReadonlyMap<string, Resource>,
  stored: ReadonlyMap<string, Stored>,
): CatalogueChange[] => {
  const changed = (key: string, etag: string | undefined) => ({
    pointer: pointerTo(pathIn(name, kind, key)),
    ...(etag === undefined ? {} : { etag }),
  })
  const written = kind.order(given).flatMap((key): CatalogueChange[] => {
    const old = stored.get(key)
    const differences = differencesOf(old ? asJson(old.resource) : {}, asJson(given.get(key) ?? {}))
    if (old && differences.length === 0) return []
    return [{ ...changed(key, old?.etag), change: old ? 'changed' : 'added', differences }]
  })
  const gone = new Map([...stored].filter(([key]) => !kind.single && !given.has(key)))
  const resources = new Map([...gone].map(([key, { resource }]) => [key, resource]))
  const removed = kind.order(resources).map((key): CatalogueChange => {
    return { ...changed(key, gone.get(key)?.etag), change: 'removed', differences: [] }
  })
  return [...written, ...removed]
}

type Entry = { name: KindName; kind: Kind; resources: Record<string, unknown> }

const parseSet = (entries: readonly Entry[]) => {
  const set: Checked = {}
  const errors: CatalogueCheck['errors'] = []
  for (const { name, kind, resources } of entries) {
    const parsed = new Map<string, Resource>()
    for (const [key, value] of Object.entries(resources)) {
      const result = kind.read(key, value)
      if (result.success) parsed.set(key, result.data)
      else errors.push(...below(pathIn(name, kind, key), result.issues))
    }
    set[name] = parsed
  }
  return { set, errors }
}

/**
 * Checks a whole set of resources, as if it were written, and compares it with what is stored. `kinds` is in the order of
 * writing: a resource may refer to earlier kinds. Changes nothing.
 */
export const createCatalogueCheck =
  (kinds: Kinds) =>
  async (tenant: string, input: CatalogueInput): Promise<CatalogueCheck> => {
    const entries = (Object.entries(kinds) as [KindName, Kind][]).flatMap(([name, kind]): Entry[] => {
      const given = input[name]
      return given ? [{ name, kind, resources: kind.single ? { '': given } : given }] : []
    })
    const { set, errors } = parseSet(entries)
    const warnings: CatalogueCheck['warnings'] = []
    for (const { name, kind } of entries)
      for (const [key, resource] of set[name] ?? []) {
        // A large set takes long to check, so other requests get a turn.
        await setImmediate()
        const path = pathIn(name, kind, key)
        const faults = await kind.faults(tenant, key, resource, set)
        errors.push(...below(path, faults))
        if (faults.length > 0) continue
        for (const warning of await kind.warnings(tenant, key, resource, set))
          warnings.push({ ...warning, pointer: `${pointerTo(path)}${warning.pointer}` })
      }
    const changes: CatalogueChange[] = []
    if (errors.length === 0)
      for (const { name, kind } of entries) {
        const given = set[name] ?? new Map<string, Resource>()
        changes.push(...changesOf(name, kind, given, await kind.stored(tenant, [...given.keys()])))
      }
    return { errors: errors.slice(0, FOUND_MAX), warnings: warnings.slice(0, FOUND_MAX), changes }
  }
