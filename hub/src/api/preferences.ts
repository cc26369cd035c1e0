import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { parseJson } from '@carillon/core/json/json'
import { changesOf } from '@carillon/core/preferences/patch'
import type { Categories } from '@carillon/core/store/ports/categories'
import type { UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Types } from '@carillon/core/store/ports/types'
import type { Users } from '@carillon/core/store/ports/users'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { ChangePreferences } from '../preferences/change.ts'
import { gridOf } from '../preferences/grid.ts'
import {
  getEffectivePreferences,
  getPreferences,
  getUserEffectivePreferences,
  getUserPreferences,
  listPreferenceChanges,
  updatePreferences,
  updateUserPreferences,
} from './preferences-openapi.ts'

const PRIVATE = { 'cache-control': 'no-store' }

/** The choices of users: their own, for their apps, and those of any user, for backends. */
export const preferenceRoutes = (
  routes: Routes,
  {
    preferences,
    types,
    categories,
    users,
    cache,
    change,
    cursors,
  }: {
    preferences: UserPreferences
    types: Pick<Types, 'list'>
    categories: Pick<Categories, 'list'>
    users: Pick<Users, 'get'>
    cache: Pick<SettingsCache, 'tenant'>
    change: ChangePreferences
    cursors: Cursors
  },
) => {
  const documentOf = async (tenant: string, user: string) =>
    (await preferences.get(tenant, [user])).get(user) ?? {}

  const effective = async (tenant: string, user: string) => {
    const [known, all, named, settings, [person]] = await Promise.all([
      documentOf(tenant, user),
      types.list(tenant),
      categories.list(tenant),
      cache.tenant(tenant),
      users.get(tenant, [user]),
    ])
    return gridOf(
      { types: all, categories: named, locale: person?.profile.locale },
      { user: known, tenant: settings?.settings.defaults },
    )
  }

  // Read here rather than by the schema: zod drops the key `__proto__`, which is a name like any other.
  const changesIn = (bytes: Uint8Array) => changesOf(parseJson(bytes, { anyKey: true }))

  routes.user(getPreferences, async ({ c }, { tenant, user }) =>
    c.json(await documentOf(tenant, user), 200, PRIVATE),
  )
  routes.user(updatePreferences, async ({ c, bytes }, { tenant, user, issuedAt }) => {
    const changes = changesIn(await bytes())
    const changed = await change({ tenant, user }, { changes, via: 'app', by: user, since: issuedAt })
    return c.json(changed, 200, PRIVATE)
  })
  routes.user(getEffectivePreferences, async ({ c }, { tenant, user }) =>
    c.json(await effective(tenant, user), 200, PRIVATE),
  )

  routes.sender('preferences:read', getUserPreferences, async ({ c, params }, { tenant }) =>
    c.json(await documentOf(tenant, params.id), 200, PRIVATE),
  )
  routes.sender('preferences:write', updateUserPreferences, async ({ c, params, bytes }, { tenant, key }) => {
    const changes = changesIn(await bytes())
    const changed = await change({ tenant, user: params.id }, { changes, via: 'api', by: key })
    return c.json(changed, 200, PRIVATE)
  })
  routes.sender('preferences:read', getUserEffectivePreferences, async ({ c, params }, { tenant }) =>
    c.json(await effective(tenant, params.id), 200, PRIVATE),
  )
  routes.sender(
    'preferences:read',
    listPreferenceChanges,
    async ({ c, params, query: { limit, after } }, { tenant }) => {
      const list = ['preference-changes', tenant, params.id]
      const before = after === undefined ? undefined : Number(cursors.read(list, after))
      const page = await preferences.changes(tenant, params.id, {
        limit,
        ...(before === undefined ? {} : { before }),
      })
      const next = page.next === undefined ? null : cursors.make(list, String(page.next))
      return c.json({ changes: page.changes, next }, 200, PRIVATE)
    },
  )
}
