import { ProblemError } from '@carillon/core/errors'
import { collected, createPause } from '@carillon/core/pause'
import type { Libraries, Library, LibraryChange } from '@carillon/core/store/ports/library'
import { layoutWarnings } from '@carillon/core/template/check-shared'
import type { Cursors } from '../http/cursor.ts'
import { etag } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import type { ChangeLibrary } from '../library/change.ts'
import type { CurrentLibrary } from '../library/current.ts'
import { getEnv, layouts, partials, putEnv } from './library-openapi.ts'
import { versionPage } from './version-paging.ts'

type Parts = { library: Libraries; current: CurrentLibrary; change: ChangeLibrary; cursors: Cursors }
type Shared = { version: number }

/** Returns the library at a revision, by default the newest. Throws `not_found`. */
const createAt =
  ({ library, current }: Pick<Parts, 'library' | 'current'>) =>
  async (tenant: string, revision: number | undefined): Promise<Library> => {
    const found = revision === undefined ? await current(tenant) : await library.at(tenant, revision)
    if (!found) throw new ProblemError('not_found', `there is no revision ${revision} of the library`)
    return found
  }

const sharedRoutes = <Stored extends Shared>(
  routes: Routes,
  { put, get, list, versions, remove }: typeof layouts,
  parts: Parts,
  of: {
    kind: 'layout' | 'partial'
    all: (library: Library) => ReadonlyMap<string, Stored>
    shown?: (stored: Stored, library: Library) => Promise<object>
  },
) => {
  const { library, change, cursors } = parts
  const { kind, all, shown = async (stored: Stored) => stored } = of
  const at = createAt(parts)
  const found = (from: Library, key: string): Stored => {
    const stored = all(from).get(key)
    if (!stored) throw new ProblemError('not_found', `there is no such ${kind}`)
    return stored
  }

  routes.sender('types:write', put, async ({ c, params: { key }, body }, { tenant, key: by }) => {
    const changed = { kind, key, value: await body() } as LibraryChange
    const after = await change(tenant, changed, by, c.req.header('if-match'))
    const stored = found(after, key)
    return c.json(await shown(stored, after), 200, { etag: etag(String(stored.version)) })
  })

  routes.sender('types:read', get, async ({ c, params: { key }, query: { version } }, { tenant }) => {
    const stored = found(await at(tenant, version), key)
    return c.json(stored, 200, { etag: etag(String(stored.version)) })
  })

  routes.sender('types:read', list, async ({ c }, { tenant }) =>
    c.json({ [`${kind}s`]: [...all(await at(tenant, undefined)).values()] }),
  )

  routes.sender('types:read', versions, async ({ c, params: { key }, query }, { tenant }) => {
    const page = await versionPage([`${kind}-versions`, tenant, key], query, cursors, (range) =>
      library.versions(tenant, { kind, key }, range),
    )
    if (query.before === undefined && page.versions.length === 0)
      throw new ProblemError('not_found', `there is no such ${kind}`)
    return c.json(page)
  })

  routes.sender('types:write', remove, async ({ c, params: { key } }, { tenant, key: by }) => {
    await change(tenant, { kind, key }, by, c.req.header('if-match'))
    return c.body(null, 204)
  })
}

/** Adds the routes of layouts, partials and `env`, to which the templates of types refer. */
export const libraryRoutes = (routes: Routes, parts: Parts) => {
  sharedRoutes(routes, layouts, parts, {
    kind: 'layout',
    all: (library) => library.layouts,
    shown: async (layout, { partials }) => {
      const warnings = await collected(layoutWarnings(layout, partials), createPause())
      return warnings.length > 0 ? { ...layout, warnings } : layout
    },
  })
  sharedRoutes(routes, partials, parts, { kind: 'partial', all: (library) => library.partials })
  const at = createAt(parts)

  routes.sender('types:read', getEnv, async ({ c, query: { version } }, { tenant }) => {
    const { env, envVersion } = await at(tenant, version)
    return c.json(env, 200, { etag: etag(String(envVersion)) })
  })

  routes.sender('types:write', putEnv, async ({ c, body }, { tenant, key: by }) => {
    const changed: LibraryChange = { kind: 'env', key: '', value: await body() }
    const { env, envVersion } = await parts.change(tenant, changed, by, c.req.header('if-match'))
    return c.json(env, 200, { etag: etag(String(envVersion)) })
  })
}
