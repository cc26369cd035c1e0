import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import { ProblemError } from '@carillon/core/errors'
import { parseJson } from '@carillon/core/json/json'
import { GENERAL } from '@carillon/core/preferences/documents'
import { changesOf } from '@carillon/core/preferences/patch'
import type { Seal } from '@carillon/core/security/seal'
import { ContextFilter, PreferencesPatch, Timestamp, UserId } from '@carillon/schemas'
import type { Context } from 'hono'
import { z } from 'zod'
import { defineRoute, type Routes } from '../http/routes.ts'
import type { ChangePreferences } from '../preferences/change.ts'
import { acceptedLanguages } from '../preferences/languages.ts'
import { type createPageData, PageData, type PageOwner } from '../preferences/page-data.ts'
import { writtenContext } from '../preferences/token-context.ts'

/** The lifetime of a link. An hour is enough, because links are made when users open the page. */
const LINK_SECONDS = 3_600
const PRIVATE = { 'cache-control': 'no-store' }

const PreferencesLink = z
  .object({
    url: z.url().describe('The URL of the page, with the token in its fragment'),
    expiresAt: Timestamp.describe('When the link stops working'),
  })
  .meta({
    id: 'PreferencesLink',
    description: 'A link to the hosted preferences page of a user',
    examples: [
      { url: 'https://bell.example.com/preferences#eyJhbGciOi', expiresAt: '2026-01-31T10:00:00.000Z' },
    ],
  })

const LINK = {
  method: 'get',
  tag: 'Preferences',
  query: z.strictObject({
    context: ContextFilter.optional()
      .describe(
        'The context whose choices the page edits; the empty string (`?context=`) selects general preferences. Defaults to the one context that the user token is limited to, else to general preferences',
      )
      .meta({ allowEmptyValue: true }),
  }),
  answers: { 200: { description: 'The link', schema: PreferencesLink } },
} as const
const ABOUT_LINK =
  'The link opens the preferences of this user and nothing else, for an hour. Its token is in the fragment, and the page removes it from the history.'

const getPreferencesPage = defineRoute({
  ...LINK,
  path: '/v1/preferences/page',
  problems: ['forbidden'],
  operationId: 'getPreferencesPage',
  summary: 'Get a link to the preferences page of the user',
  description: `Returns a link to the page on which the user can change preferences. ${ABOUT_LINK}`,
})

const getUserPreferencesPage = defineRoute({
  ...LINK,
  path: '/v1/users/{id}/preferences/page',
  operationId: 'getUserPreferencesPage',
  summary: 'Get a link to the preferences page of a user',
  description: `Returns a link to the page on which a user can change preferences. Anyone with the link can change them, so the API key needs the scope to write. ${ABOUT_LINK}`,
  params: z.object({ id: UserId }),
})

const DATA = {
  path: '/preferences/data',
  tag: 'Preferences',
  internal: true,
  answers: { 200: { description: 'The data of the page', schema: PageData } },
} as const

const getPageData = defineRoute({
  ...DATA,
  method: 'get',
  operationId: 'getPreferencesPageData',
  summary: 'Get the data of the preferences page',
  description: 'Returns the data of the page, with the token of its link.',
})

const changeFromPage = defineRoute({
  ...DATA,
  method: 'patch',
  operationId: 'updatePreferencesFromPage',
  summary: 'Change preferences on the page',
  description: 'Changes some choices, with the token of the link, and returns the new data of the page.',
  body: PreferencesPatch,
  problems: ['too_far'],
})

/** Adds the routes that make links to the hosted preferences page, and those that the page calls. */
export const preferencesPageRoutes = (
  routes: Routes,
  {
    data,
    change,
    seal,
    publicUrl,
  }: {
    data: ReturnType<typeof createPageData>
    change: ChangePreferences
    seal: Seal
    publicUrl?: string | undefined
  },
) => {
  const linkTo = async (owner: PageOwner, called: string) => {
    const now = Date.now()
    const base = publicUrl ?? new URL(called).origin
    const url = await makePreferencesUrl(seal, base, owner, { seconds: LINK_SECONDS, now })
    return { url, expiresAt: new Date(now + LINK_SECONDS * 1_000).toISOString() }
  }

  routes.user(getPreferencesPage, async ({ c, query }, { tenant, user, contexts }) => {
    // A link grants no more than the token.
    const context = writtenContext({ contexts }, query.context)
    const owner = { tenant, user, ...(context === GENERAL ? {} : { context }) }
    return c.json(await linkTo(owner, c.req.url), 200, PRIVATE)
  })
  routes.sender('preferences:write', getUserPreferencesPage, async ({ c, params, query }, { tenant }) =>
    c.json(
      await linkTo({ tenant, user: params.id, context: query.context || undefined }, c.req.url),
      200,
      PRIVATE,
    ),
  )

  const shown = async (c: Context, owner: PageOwner) => {
    const [language] = acceptedLanguages(c.req.header('accept-language'))
    return c.json(await data(owner, language), 200, PRIVATE)
  }
  routes.page(getPageData, ({ c }, owner) => shown(c, owner))
  routes.page(changeFromPage, async ({ c, bytes }, owner) => {
    const { tenant, user, context, issuedAt } = owner
    const changes = changesOf(parseJson(await bytes(), { anyKey: true }))
    if (user === undefined) throw new ProblemError('forbidden', 'this link is a sample without a user')
    const placed = context === undefined ? changes : changes.map((each) => ({ ...each, context }))
    await change({ tenant, user }, { changes: placed, via: 'page', by: user, since: issuedAt })
    return shown(c, owner)
  })
}
