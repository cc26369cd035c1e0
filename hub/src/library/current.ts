import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Libraries, Library } from '@carillon/core/store/ports/library'

export type LibraryPorts = { library: Libraries; cache: Pick<SettingsCache, 'library'> }

/** Returns the library at a revision that exists. Its content is cached. */
export const libraryAt = async (
  cache: Pick<SettingsCache, 'library'>,
  tenant: string,
  revision: number,
): Promise<Library> => {
  const found = await cache.library(tenant, revision)
  if (!found) throw new Error(`revision ${revision} of the library is missing`)
  return found
}

/** Returns the newest library: its number is read from the store, its content is cached. */
export type CurrentLibrary = (tenant: string) => Promise<Library>

export const createCurrentLibrary =
  ({ library, cache }: LibraryPorts): CurrentLibrary =>
  async (tenant) =>
    libraryAt(cache, tenant, await library.newest(tenant))
