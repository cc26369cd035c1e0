import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { ProblemError } from '@carillon/core/errors'
import { invalidRequest } from '@carillon/core/json/checked'
import type { LinkPolicy } from '@carillon/core/notification/links'
import { localesOf, previewOf } from '@carillon/core/render/preview'
import { createPreviewTime } from '@carillon/core/render/preview-time'
import { sampleLinks } from '@carillon/core/render/sample-links'
import type { Seal } from '@carillon/core/security/seal'
import type { Types } from '@carillon/core/store/ports/types'
import type { Users } from '@carillon/core/store/ports/users'
import { type LocalePreview, TypeKey, TypePreview, TypePreviewInput } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { CurrentLibrary } from '../library/current.ts'
import { checkType } from './check-type.ts'
import { TYPE_MAX_BYTES } from './types-openapi.ts'

const Key = z.object({ key: TypeKey })

export const typePreviewRoutes = (
  routes: Routes,
  parts: {
    types: Types
    users: Pick<Users, 'get'>
    cache: Pick<SettingsCache, 'tenant' | 'context'>
    current: CurrentLibrary
    seal: Seal
  },
  options: LinkPolicy & { publicUrl?: string },
) => {
  const { types, users, cache, current, seal } = parts

  /** Returns the stored version, or the type of the request after the checks of a stored one. */
  const typeOf = async (tenant: string, key: string, { type, version }: TypePreviewInput) => {
    if (type) {
      const given = { ...type, key }
      await checkType(given, await current(tenant), ['type'])
      return given
    }
    const stored =
      version === 'draft' ? (await types.draft(tenant, key))?.type : await types.get(tenant, key, version)
    if (!stored) throw new ProblemError('not_found', 'there is no such notification type or version')
    return stored
  }

  const userOf = async (tenant: string, id: string | undefined) => {
    if (id === undefined) return undefined
    const [user] = await users.get(tenant, [id])
    if (!user) throw new ProblemError('not_found', 'there is no such user')
    return user
  }

  routes.sender(
    'types:read',
    {
      method: 'post',
      path: '/v1/types/{key}/preview',
      operationId: 'previewType',
      tag: 'Types',
      summary: 'Preview a notification type',
      description:
        'Renders the texts of a type for every channel, as a user would get them: from a stored version or an unsaved type, with the given data or the sample, for a given user or none. `faults` lists missing values and failed templates. `unsubscribe_url` and `preferences_url` are samples that belong to no user.',
      params: Key,
      body: TypePreviewInput,
      bodyMaxBytes: TYPE_MAX_BYTES,
      answers: { 200: { description: 'The texts', schema: TypePreview } },
      problems: ['not_found'],
    },
    async ({ c, params, body }, { tenant }) => {
      const input = await body()
      const [type, user, tenancy, names] = await Promise.all([
        typeOf(tenant, params.key, input),
        userOf(tenant, input.user),
        lookUpInContext(cache, tenant, input.context),
        current(tenant),
      ])
      const { variant } = input
      if (variant !== undefined && !type.variants?.some(({ key }) => key === variant))
        throw invalidRequest([{ path: ['variant'], message: 'the type has no such variant' }], 'body')
      const now = Date.now()
      const links = await sampleLinks(seal, options.publicUrl, { tenant, type, now })
      const about = { variant, data: input.data, user, tenancy, links, now, time: createPreviewTime() }
      const preview = (locale: string | undefined) => previewOf(type, { ...about, locale }, options, names)
      if (input.locale !== '*') return c.json(await preview(input.locale))
      const locales = new Map<string, LocalePreview>()
      for (const locale of localesOf(type)) locales.set(locale, await preview(locale))
      return c.json({ locales: Object.fromEntries(locales) })
    },
  )
}
