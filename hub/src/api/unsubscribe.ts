import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { readUnsubscribe } from '@carillon/core/delivery/unsubscribe-link'
import { ProblemError } from '@carillon/core/errors'
import type { Seal } from '@carillon/core/security/seal'
import type { Users } from '@carillon/core/store/ports/users'
import { z } from 'zod'
import { defineRoute, type Routes } from '../http/routes.ts'
import { acceptedLanguages, chooseLanguage } from '../preferences/languages.ts'
import { askPage, donePage, PAGE_HEADERS, voidPage } from '../unsubscribe/page.ts'
import type { createUnsubscribe } from '../unsubscribe/unsubscribe.ts'

/** The body of a one-click POST is `List-Unsubscribe=One-Click`. */
const FORM_MAX_BYTES = 16_384
const HTML = { schema: z.string(), type: 'text/html' }

const COMMON = {
  path: '/v1/unsubscribe/{token}',
  tag: 'Unsubscription',
  params: z.object({
    token: z.string().meta({ description: 'The token of an unsubscribe link', examples: ['eyJhbGciOi'] }),
  }),
  answers: {
    200: { description: 'An HTML page', ...HTML },
    404: { description: 'An HTML page: the link is invalid', ...HTML },
    410: { description: 'An HTML page: the link has expired', ...HTML },
  },
} as const

const showUnsubscribePage = defineRoute({
  ...COMMON,
  method: 'get',
  operationId: 'showUnsubscribePage',
  summary: 'Show the unsubscribe page',
  description:
    'Returns the page that an unsubscribe link opens. It asks for confirmation and changes nothing.',
})

const unsubscribe = defineRoute({
  ...COMMON,
  method: 'post',
  operationId: 'unsubscribe',
  summary: 'Unsubscribe from categories or types',
  description:
    'Switches off the category of the message on its channel, or its type if it has no category. Mail programs call it for one-click unsubscription (RFC 8058), and so does the page. The link of a digest covers all of its categories. Idempotent. No link can subscribe again.',
  rawBody: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
  bodyMaxBytes: FORM_MAX_BYTES,
})

/** Adds the pages for List-Unsubscribe headers and links (RFC 8058). GET changes nothing, POST unsubscribes. */
export const unsubscribeRoutes = (
  routes: Routes,
  {
    users,
    cache,
    seal,
    names,
    unsubscribe: switchOff,
  }: ReturnType<typeof createUnsubscribe> & {
    users: Pick<Users, 'get'>
    cache: Pick<SettingsCache, 'tenant' | 'context'>
    seal: Seal
  },
) => {
  /** Returns the content of a link, or the page and status that explain why it is refused. */
  const read = async (token: string, header: string | undefined) => {
    const accepted = acceptedLanguages(header)
    const link = await readUnsubscribe(seal, token, Date.now())
    if ('fault' in link) {
      const status = link.fault === 'expired' ? (410 as const) : (404 as const)
      return { refused: { html: voidPage(chooseLanguage(accepted), link.fault), status } }
    }
    const { tenant, user } = link
    if (user === undefined)
      return { refused: { html: voidPage(chooseLanguage(accepted), 'sample'), status: 200 as const } }
    const [[known], { settings }] = await Promise.all([
      users.get(tenant, [user]),
      lookUpInContext(cache, tenant, link.context),
    ])
    // The browser's languages rank after the user's and before the tenant's.
    const own = known?.profile.locale ?? known?.reported?.locale
    const wanted = [own, ...accepted, settings.locale]
    return {
      refused: undefined,
      link: { ...link, user },
      language: chooseLanguage(wanted),
      about: { channel: link.channel, names: await names(link, own ?? accepted[0] ?? settings.locale) },
    }
  }

  routes.open(showUnsubscribePage, async ({ c, params }) => {
    const known = await read(params.token, c.req.header('accept-language'))
    if (known.refused) return c.body(known.refused.html, known.refused.status, PAGE_HEADERS)
    return c.body(askPage(known.language, known.about), 200, PAGE_HEADERS)
  })

  routes.open(unsubscribe, async ({ c, params, bytes }) => {
    await bytes()
    const known = await read(params.token, c.req.header('accept-language'))
    if (known.refused) return c.body(known.refused.html, known.refused.status, PAGE_HEADERS)
    const { link, language, about } = known
    try {
      await switchOff(link, link.issuedAt)
    } catch (error) {
      // An erased user has no preferences left to change.
      if (error instanceof ProblemError && error.problem.code === 'erased')
        return c.body(voidPage(language, 'invalid'), 404, PAGE_HEADERS)
      throw error
    }
    return c.body(donePage(language, about), 200, PAGE_HEADERS)
  })
}
