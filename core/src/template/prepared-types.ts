import { LRUCache } from 'lru-cache'
import type { SettingsCache } from '../cache/settings-cache.ts'
import { hasTemplates, type Templated } from './languages.ts'
import { DEFAULT_LAYOUT } from './layouts.ts'
import { layoutsOf, needsLibrary, partialsWithin, templatesOf } from './references.ts'
import {
  NO_REFERENCES,
  prepareTemplates,
  type References,
  type TemplateOptions,
  type TypeTemplates,
} from './type-templates.ts'

/** Maximum number of cached type versions. Each is cached once per variant and revision of the library. */
const VERSIONS_MAX = 1_000

/** Returns whether a library has every layout and partial that a type names. */
const hasAll = (type: Templated, { layouts, partials }: References): boolean =>
  layoutsOf(type).every((key) => layouts.has(key)) &&
  [...partialsWithin(templatesOf(type), partials)].every((key) => partials.has(key))

/** Without a version, a notification has no type. */
type Preparable = Templated & { version?: number }

/**
 * `revision`: of the library, 0 for an empty one. `framed`: a type without texts is prepared too if the library has a
 * default layout, for its e-mails.
 */
type Preparation = { revision?: number | undefined; variant?: string | undefined; framed?: boolean }

/**
 * Returns the prepared templates of a type, or of a variant of it, with the layouts, partials and `env` of a revision;
 * undefined if the type has none. Versions and revisions never change, so each pair is prepared once; a type that uses
 * nothing of the library is prepared once for all revisions.
 */
export const createPreparedTypes = (
  options: TemplateOptions,
  cache: Pick<SettingsCache, 'library' | 'revision'>,
) => {
  const kept = new LRUCache<string, TypeTemplates>({ max: VERSIONS_MAX })

  /** Uses the newest revision if the pinned one lacks a layout or partial: a hub may see a new type before the library. */
  const referencesOf = async (tenant: string, type: Templated, revision: number): Promise<References> => {
    const pinned = (revision > 0 && (await cache.library(tenant, revision))) || NO_REFERENCES
    if (hasAll(type, pinned)) return pinned
    return (await cache.library(tenant, await cache.revision(tenant))) ?? pinned
  }

  return async (
    tenant: string,
    type: Preparable | undefined,
    { revision = 0, variant, framed = false }: Preparation = {},
  ): Promise<TypeTemplates | undefined> => {
    if (!type || (!framed && !hasTemplates(type))) return undefined
    const own = `${tenant}\n${type.key}\n${type.version ?? ''}\n${variant ?? ''}`
    const place = `${own}\n${revision}`
    const known = kept.get(place)
    if (known) return known
    const references = await referencesOf(tenant, type, revision)
    const hasDefault = references.layouts.has(DEFAULT_LAYOUT)
    if (!hasDefault && !hasTemplates(type)) return undefined
    const needs = hasDefault || needsLibrary(type)
    const alone = needs ? undefined : kept.get(own)
    if (alone) return alone
    const prepared = prepareTemplates(type, options, needs ? references : NO_REFERENCES, variant)
    // Incomplete references are not kept: this process may not have seen the newest revision yet.
    if (!needs) kept.set(own, prepared)
    else if (hasAll(type, references)) kept.set(place, prepared)
    return prepared
  }
}

export type PreparedTypes = ReturnType<typeof createPreparedTypes>
