import { parseJson } from '@carillon/core/json/json'
import { cellsOf } from '@carillon/core/preferences/document'
import { GENERAL } from '@carillon/core/preferences/documents'
import { changesOf } from '@carillon/core/preferences/patch'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Changes, UserPreferences } from '@carillon/core/store/ports/preferences'
import { preferencesRevision } from '@carillon/core/store/rules/revision'
import type { Preferences } from '@carillon/schemas'
import type { Context } from 'hono'
import type { Cursors } from '../http/cursor.ts'
import { checkIfMatch, etag } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import type { ChangePreferences } from '../preferences/change.ts'
import type { ReadEffective } from '../preferences/effective.ts'
import { readContext, writtenContext } from '../preferences/token-context.ts'
import {
  getEffectivePreferences,
  getPreferences,
  getUserEffectivePreferences,
  getUserPreferences,
  listPreferenceChanges,
  updatePreferences,
  updateUserPreferences,
} from './preferences-openapi.ts'

const revisionOf = (document: Preferences) => preferencesRevision(cellsOf(document))

type Author = Omit<Changes, 'changes'>

const PRIVATE = { 'cache-control': 'no-store' }

/** The choices of users: their own, for their apps, and those of any user, for backends. */
export const preferenceRoutes = (
  routes: Routes,
  {
    preferences,
    effective,
    change,
    cursors,
  }: {
    preferences: UserPreferences
    effective: ReadEffective
    change: ChangePreferences
    cursors: Cursors
  },
) => {
  const documentsOf = async (tenant: string, user: string) =>
    (await preferences.get(tenant, [user])).get(user)

  const answer = (c: Context, document: Preferences = {}) =>
    c.json(document, 200, { ...PRIVATE, etag: etag(revisionOf(document)) })

  const read = async (c: Context, { tenant, user }: Owner, context = GENERAL) =>
    answer(c, (await documentsOf(tenant, user))?.get(context))

  /** Read here rather than by the schema: zod drops the key `__proto__`, which is a name like any other. */
  const write = async (
    c: Context,
    owner: Owner,
    { bytes, context = GENERAL, ...author }: Author & { bytes: Uint8Array; context?: string | undefined },
  ) => {
    const changes = changesOf(parseJson(bytes, { anyKey: true }))
    const placed = context === GENERAL ? changes : changes.map((each) => ({ ...each, context }))
    const changed = await change(owner, { ...author, changes: placed }, (before) => {
      const revision = revisionOf(before.get(context) ?? {})
      return checkIfMatch(c.req.header('if-match'), revision) ? { context, revision } : undefined
    })
    return answer(c, changed.get(context))
  }

  routes.user(getPreferences, ({ c, query }, user) => read(c, user, readContext(user, query.context)))
  routes.user(updatePreferences, async ({ c, bytes, query }, user) =>
    write(c, user, {
      ...{ context: writtenContext(user, query.context), bytes: await bytes() },
      ...{ via: 'app', by: user.user, since: user.issuedAt },
    }),
  )
  routes.user(getEffectivePreferences, async ({ c, query }, user) =>
    c.json((await effective(user, readContext(user, query.context) || undefined)).grid, 200, PRIVATE),
  )

  routes.sender('preferences:read', getUserPreferences, ({ c, params, query }, { tenant }) =>
    read(c, { tenant, user: params.id }, query.context),
  )
  routes.sender(
    'preferences:write',
    updateUserPreferences,
    async ({ c, params, bytes, query }, { tenant, key }) =>
      write(
        c,
        { tenant, user: params.id },
        { bytes: await bytes(), context: query.context, via: 'api', by: key },
      ),
  )
  routes.sender('preferences:read', getUserEffectivePreferences, async ({ c, params, query }, { tenant }) =>
    c.json((await effective({ tenant, user: params.id }, query.context || undefined)).grid, 200, PRIVATE),
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
