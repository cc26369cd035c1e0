import { ProblemError } from '@carillon/core/errors'
import { invalidRequest } from '@carillon/core/json/checked'
import { collected } from '@carillon/core/pause'
import type { Library, LibraryChange } from '@carillon/core/store/ports/library'
import type { Types } from '@carillon/core/store/ports/types'
import { layoutFaults, partialFaults } from '@carillon/core/template/check-shared'
import type { Issue } from '@carillon/schemas'
import { checkPause } from '../api/check-type.ts'
import { checkIfMatch } from '../http/if-match.ts'
import { type CurrentLibrary, type LibraryPorts, libraryAt } from './current.ts'
import { usedBy } from './used-by.ts'

const LAYOUTS_MAX = 100
const PARTIALS_MAX = 300
/** Characters of JSON, so that a library fits into memory. */
const SIZE_MAX = 4_000_000
/** Maximum attempts. Each failed one means that another writer has made a revision. */
const TRIES = 100

/** Returns the tag of the resource that a change replaces; undefined if there is none. */
const tagOf = (library: Library, { kind, key }: LibraryChange): string | undefined => {
  if (kind === 'env') return String(library.envVersion)
  const found = (kind === 'layout' ? library.layouts : library.partials).get(key)
  return found && String(found.version)
}

const faultsOf = async (library: Library, change: LibraryChange): Promise<Issue[]> => {
  if (change.value === undefined || change.kind === 'env') return []
  const units =
    change.kind === 'layout'
      ? layoutFaults(change.value, library.partials)
      : partialFaults(change.key, change.value, library.partials)
  return await collected(units, checkPause(`the ${change.kind}`))
}

const checkLimits = (library: Library, { kind, key, value }: LibraryChange) => {
  if (value === undefined) return
  const { layouts, partials, size } = library
  if (kind === 'layout' && layouts.size >= LAYOUTS_MAX && !layouts.has(key))
    throw new ProblemError('quota_exceeded', `a tenant has at most ${LAYOUTS_MAX} layouts`)
  if (kind === 'partial' && partials.size >= PARTIALS_MAX && !partials.has(key))
    throw new ProblemError('quota_exceeded', `a tenant has at most ${PARTIALS_MAX} partials`)
  if (size + JSON.stringify(value).length > SIZE_MAX)
    throw new ProblemError(
      'quota_exceeded',
      `a tenant's layouts, partials and env have at most ${SIZE_MAX} characters of JSON together`,
    )
}

/** Reports whether a change can break a user of the resource: it deletes it, or turns a partial from text to HTML or back. */
const takesAway = ({ partials }: Library, { kind, key, value }: LibraryChange): boolean => {
  if (value === undefined) return true
  const before = kind === 'partial' ? partials.get(key) : undefined
  return (
    before !== undefined && (before.html === undefined) !== (!('html' in value) || value.html === undefined)
  )
}

/**
 * Returns a function that makes the next revision of a library. It checks the change against the newest one, and again if
 * another writer was faster, so that two changes that are valid alone cannot break each other. Throws `invalid_request`,
 * `quota_exceeded`, `in_use` and `precondition_failed`.
 */
export const createChangeLibrary =
  (parts: LibraryPorts & { types: Pick<Types, 'list'>; current: CurrentLibrary }) =>
  async (tenant: string, change: LibraryChange, by: string, match: string | undefined): Promise<Library> => {
    const { library, types, cache, current } = parts
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await current(tenant)
      checkIfMatch(match, tagOf(before, change))
      const faults = await faultsOf(before, change)
      if (faults.length > 0) throw invalidRequest(faults, change.kind)
      checkLimits(before, change)
      if (takesAway(before, change)) {
        const dependents = usedBy(change, before, await types.list(tenant))
        if (dependents.length > 0)
          throw new ProblemError('in_use', `it is used by ${dependents.slice(0, 20).join(', ')}`)
      }
      const made = await library.put(tenant, before.revision, change, by)
      if (made !== undefined) return await libraryAt(cache, tenant, made)
    }
    throw new ProblemError('unavailable', 'other writers keep changing the library; try again')
  }

export type ChangeLibrary = ReturnType<typeof createChangeLibrary>
