import { ProblemError } from '@carillon/core/errors'
import { collected, createPause } from '@carillon/core/pause'
import type { Draft, NewType, Types } from '@carillon/core/store/ports/types'
import { templateWarnings } from '@carillon/core/template/check-type'
import type { NotificationType } from '@carillon/schemas'
import type { Cursors } from '../http/cursor.ts'
import { checkIfMatch, etag, hasChanged } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import type { CurrentLibrary } from '../library/current.ts'
import { checkType } from './check-type.ts'
import {
  deleteType,
  getType,
  listTypes,
  listTypeVersions,
  publishTypeDraft,
  putType,
  rollBackType,
} from './types-openapi.ts'
import { versionPage } from './version-paging.ts'

const withWarnings = async <Type extends NewType>(type: Type) => {
  const warnings = await collected(templateWarnings(type), createPause())
  return warnings.length > 0 ? { ...type, warnings } : type
}

const tagOf = (type: Pick<NotificationType, 'version'> | undefined) =>
  type === undefined ? undefined : String(type.version)
const draftTag = (draft: Draft | undefined) => draft && `draft-${draft.revision}`
const shownDraft = ({ type }: Draft) => ({ ...type, version: 0 })
const noType = (detail = 'there is no such notification type') => new ProblemError('not_found', detail)

/** Writes that are conditional on `If-Match`, whose value is `match`. */
const conditionalWrites = (types: Types) => {
  const inForce = async (tenant: string, key: string, match: string | undefined) => {
    if (match === undefined) return {}
    const current = await types.get(tenant, key)
    checkIfMatch(match, tagOf(current))
    return current ? { expected: current.version } : {}
  }
  return {
    publish: async (tenant: string, type: NewType, by: string, match: string | undefined) => {
      const published = await types.putIf(tenant, type, { by, ...(await inForce(tenant, type.key, match)) })
      if (!published) throw hasChanged()
      return published
    },
    remove: async (tenant: string, key: string, by: string, match: string | undefined) => {
      if (!(await types.remove(tenant, key, { by, ...(await inForce(tenant, key, match)) })))
        throw hasChanged()
    },
    saveDraft: async (tenant: string, type: NewType, match: string | undefined) => {
      const current = match === undefined ? undefined : await types.draft(tenant, type.key)
      checkIfMatch(match, draftTag(current))
      const saved = await types.saveDraft(tenant, type, current?.revision)
      if (!saved) throw hasChanged()
      return saved
    },
    discardDraft: async (tenant: string, key: string, match: string | undefined) => {
      const current = await types.draft(tenant, key)
      const conditional = checkIfMatch(match, draftTag(current))
      const discarded = current && (await types.discardDraft(tenant, key, current.revision))
      if (conditional && !discarded) throw hasChanged()
    },
  }
}

const readRoutes = (routes: Routes, types: Types, cursors: Cursors) => {
  routes.sender('types:read', getType, async ({ c, params: { key }, query: { version } }, { tenant }) => {
    if (version === 'draft') {
      const draft = await types.draft(tenant, key)
      if (!draft) throw noType('this notification type has no draft')
      return c.json(shownDraft(draft), 200, { etag: etag(draftTag(draft) ?? '') })
    }
    const current = await types.get(tenant, key)
    const type = version === undefined ? current : current && (await types.get(tenant, key, version))
    if (!type) throw noType(current && `there is no version ${version} of this notification type`)
    return c.json(type, 200, { etag: etag(String(type.version)) })
  })

  routes.sender('types:read', listTypes, async ({ c }, { tenant }) =>
    c.json({ types: await types.list(tenant) }),
  )

  routes.sender('types:read', listTypeVersions, async ({ c, params: { key }, query }, { tenant }) => {
    const page = await versionPage(['type-versions', tenant, key], query, cursors, (range) =>
      types.versions(tenant, key, range),
    )
    if (!(await types.get(tenant, key))) throw noType()
    return c.json(page)
  })
}

export const typeRoutes = (
  routes: Routes,
  { types, cursors, current }: { types: Types; cursors: Cursors; current: CurrentLibrary },
) => {
  const writes = conditionalWrites(types)
  readRoutes(routes, types, cursors)

  routes.sender('types:write', putType, async ({ c, params, query, body }, { tenant, key: by }) => {
    const type = { ...(await body()), key: params.key }
    const match = c.req.header('if-match')
    await checkType(type, await current(tenant))
    if (query.draft) {
      const draft = await writes.saveDraft(tenant, type, match)
      return c.json(await withWarnings(shownDraft(draft)), 200, { etag: etag(draftTag(draft) ?? '') })
    }
    const published = await writes.publish(tenant, type, by, match)
    return c.json(await withWarnings(published), 200, { etag: etag(String(published.version)) })
  })

  routes.sender('types:write', publishTypeDraft, async ({ c, params: { key } }, { tenant, key: by }) => {
    const match = c.req.header('if-match')
    // Read before the draft, so that the later of two publishers of one draft finds another version in force.
    const inForce = match === undefined ? undefined : await types.get(tenant, key)
    const draft = await types.draft(tenant, key)
    checkIfMatch(match, draftTag(draft))
    if (!draft) throw noType('this notification type has no draft')
    await checkType(draft.type, await current(tenant))
    const condition = inForce ? { expected: inForce.version } : {}
    const published = await types.putIf(tenant, draft.type, { by, ...condition })
    if (!published) throw hasChanged()
    await types.discardDraft(tenant, key, draft.revision)
    return c.json(await withWarnings(published), 200, { etag: etag(String(published.version)) })
  })

  routes.sender('types:write', rollBackType, async ({ c, params: { key }, body }, { tenant, key: by }) => {
    const { version } = await body()
    const inForce = await types.get(tenant, key)
    if (!inForce) throw noType()
    const old = await types.get(tenant, key, version)
    if (!old) throw noType(`there is no version ${version} of this notification type`)
    const { version: _, ...type } = old
    await checkType(type, await current(tenant))
    const published = await writes.publish(tenant, type, by, c.req.header('if-match'))
    return c.json(await withWarnings(published), 200, { etag: etag(String(published.version)) })
  })

  routes.sender('types:write', deleteType, async ({ c, params: { key }, query }, { tenant, key: by }) => {
    const match = c.req.header('if-match')
    if (query.draft) await writes.discardDraft(tenant, key, match)
    else await writes.remove(tenant, key, by, match)
    return c.body(null, 204)
  })
}
