import { collected, createPause, type Pause } from '@carillon/core/pause'
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
/** The time for checking a set. A thousand types take a few seconds. */
const CHECK_MS = 60_000

/** Drops undefined properties, so that a parsed resource equals a stored one. */
const asJson = (resource: Resource): Resource => JSON.parse(JSON.stringify(resource))

const below = (path: readonly string[], issues: readonly Issue[]) =>
  issues.map((issue) => ({ pointer: pointerTo([...path, ...issue.path]), message: issue.message }))

/** Returns the path of a resource in the set. */
const pathIn = (name: string, { single }: Pick<Kind, 'single'>, key: string): string[] =>
  single ? [name] : [name, key]

const placed = (name: string, kind: Kind, key: string, stored: Stored | undefined) => ({
  pointer: pointerTo(pathIn(name, kind, key)),
  ...(stored?.etag === undefined ? {} : { etag: stored.etag }),
})

type Entry = { name: KindName; kind: Kind; resources: Record<string, unknown> }

/** Yields the change that writing each resource would make, if any. */
function* written(
  { name, kind }: Entry,
  given: ReadonlyMap<string, Resource>,
  stored: ReadonlyMap<string, Stored>,
): Generator<CatalogueChange[]> {
  for (const key of kind.order(given)) {
    const old = stored.get(key)
    const differences = differencesOf(old ? asJson(old.resource) : {}, asJson(given.get(key) ?? {}))
    if (old && differences.length === 0) yield []
    else yield [{ ...placed(name, kind, key, old), change: old ? 'changed' : 'added', differences }]
  }
}

const removed = (
  { name, kind }: Entry,
  given: ReadonlyMap<string, Resource>,
  stored: ReadonlyMap<string, Stored>,
): CatalogueChange[] => {
  const gone = new Map([...stored].filter(([key]) => !kind.single && !given.has(key)))
  const resources = new Map([...gone].map(([key, { resource }]) => [key, resource]))
  return kind.order(resources).map((key): CatalogueChange => {
    return { ...placed(name, kind, key, gone.get(key)), change: 'removed', differences: [] }
  })
}

const parseSet = async (entries: readonly Entry[], pause: Pause) => {
  const set: Checked = {}
  const errors: CatalogueCheck['errors'] = []
  for (const { name, kind, resources } of entries) {
    const parsed = new Map<string, Resource>()
    for (const [key, value] of Object.entries(resources)) {
      const result = kind.read(key, value)
      if (result.success) parsed.set(key, result.data)
      else errors.push(...below(pathIn(name, kind, key), result.issues))
      await pause()
    }
    set[name] = parsed
  }
  return { set, errors }
}

/** Compares a set with what is stored, kind by kind. */
const changesOf = async (tenant: string, entries: readonly Entry[], set: Checked, pause: Pause) => {
  const changes = new Map<string, CatalogueChange[]>()
  for (const entry of entries) {
    const given = set[entry.name] ?? new Map<string, Resource>()
    const stored = await entry.kind.stored(tenant, [...given.keys()])
    const own = await collected(written(entry, given, stored), pause)
    changes.set(entry.name, [...own, ...removed(entry, given, stored)])
  }
  return changes
}

/**
 * Checks a set. Unchanged resources were checked when they were stored, so they are checked again only if they depend on a
 * change.
 */
const checkSet = async (
  tenant: string,
  entries: readonly Entry[],
  set: Checked,
  { changes, pause }: { changes: ReadonlyMap<string, readonly CatalogueChange[]>; pause: Pause },
) => {
  const errors: CatalogueCheck['errors'] = []
  const warnings: CatalogueCheck['warnings'] = []
  for (const { name, kind } of entries) {
    const changed = new Set(changes.get(name)?.map(({ pointer }) => pointer))
    const dependsOnChange = kind.refersTo.some((other) => changes.get(other)?.length)
    for (const [key, resource] of set[name] ?? []) {
      const path = pathIn(name, kind, key)
      const pointer = pointerTo(path)
      const faults =
        dependsOnChange || changed.has(pointer)
          ? await collected(await kind.faults(tenant, key, resource, set), pause)
          : []
      errors.push(...below(path, faults))
      if (faults.length > 0) continue
      const found = await collected(await kind.warnings(tenant, key, resource, set), pause)
      warnings.push(...found.map((warning) => ({ ...warning, pointer: `${pointer}${warning.pointer}` })))
    }
  }
  return { errors, warnings }
}

/**
 * Checks a whole set of resources, as if it were written, and compares it with what is stored. `kinds` is in the order of
 * writing: a resource may refer to earlier kinds. Changes nothing. Other requests run in between, because a large set takes
 * seconds. Throws `invalid_request` if it takes more than CHECK_MS.
 */
export const createCatalogueCheck =
  (kinds: Kinds) =>
  async (tenant: string, input: CatalogueInput): Promise<CatalogueCheck> => {
    const pause = createPause({ what: 'the set', budgetMs: CHECK_MS })
    const entries = (Object.entries(kinds) as [KindName, Kind][]).flatMap(([name, kind]): Entry[] => {
      const given = input[name]
      return given ? [{ name, kind, resources: kind.single ? { '': given } : given }] : []
    })
    const parsed = await parseSet(entries, pause)
    const changes = await changesOf(tenant, entries, parsed.set, pause)
    const found = await checkSet(tenant, entries, parsed.set, { changes, pause })
    const errors = [...parsed.errors, ...found.errors]
    return {
      errors: errors.slice(0, FOUND_MAX),
      warnings: found.warnings.slice(0, FOUND_MAX),
      changes: errors.length > 0 ? [] : [...changes.values()].flat(),
    }
  }
