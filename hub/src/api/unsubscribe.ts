import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { readUnsubscribe, type Unsubscribe } from '@carillon/core/delivery/unsubscribe'
import { ProblemError } from '@carillon/core/errors'
import { GENERAL } from '@carillon/core/preferences/documents'
import { unsubscribing } from '@carillon/core/preferences/unsubscribe'
import type { Seal } from '@carillon/core/security/seal'
import type { UserPreferences } from '@carillon/core/store/ports/preferences'
import { escapeHtml } from '@carillon/core/template/escape-html'
import type { Channel } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import type { ChangePreferences } from '../preferences/change.ts'

const Token = z.object({
  token: z.string().meta({ description: 'The token of an unsubscribe link', examples: ['dW5zdWJzY3JpYmU'] }),
})
/** The body of a one-click POST is `List-Unsubscribe=One-Click`. */
const FORM_MAX_BYTES = 16_384

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

const STYLE = `
  body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1.5rem }
  h1 { font-size: 1.5rem }
  button { font: inherit; padding: 0.6em 1.4em; border: 0; border-radius: 0.5em; background: #1f4fd8; color: #fff; cursor: pointer }
  button:focus-visible { outline: 3px solid #f5a623; outline-offset: 2px }
  @media (prefers-color-scheme: dark) { :root { color-scheme: dark } }`

/** `title` and `rest` are HTML. */
const page = (title: string, rest: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      ${rest}
    </main>
  </body>
</html>
`

/** Channels as people call them. */
const CHANNELS: Partial<Record<Channel, string>> = {
  email: 'e-mail',
  sms: 'text message',
  mms: 'text message',
}

/** Says what the link is about: nothing from outside but names that are escaped. */
const about = ({ channel, type, category }: Unsubscribe, name: string | undefined) => {
  const what =
    category === undefined ? `“${escapeHtml(name ?? type)}”` : `the category “${escapeHtml(category)}”`
  return `${what} by ${CHANNELS[channel] ?? channel}`
}

const ask = (what: string) =>
  page(
    'Stop these messages?',
    `<p>You will get nothing more of ${what}.</p>
      <form method="post"><button type="submit">Unsubscribe</button></form>`,
  )
const done = (what: string) =>
  page(
    'You are unsubscribed',
    `<p>You will get nothing more of ${what}. You can change this in your preferences.</p>`,
  )
const VOID = page(
  'This link does not work any more',
  `<p>Use the link of a newer message. Links hold for thirty days.</p>`,
)

const answers = {
  200: { description: 'A page for people', schema: z.string(), type: 'text/html' },
  404: {
    description: 'A page for people: the link is expired or invalid',
    schema: z.string(),
    type: 'text/html',
  },
}

/** Adds the pages for List-Unsubscribe headers and links (RFC 8058). GET changes nothing, POST unsubscribes. */
export const unsubscribeRoutes = (
  routes: Routes,
  {
    preferences,
    cache,
    change,
    seal,
  }: {
    preferences: Pick<UserPreferences, 'get'>
    cache: Pick<SettingsCache, 'type'>
    change: ChangePreferences
    seal: Seal
  },
) => {
  /** Switches off what the link names. Idempotent: a second POST finds nothing to change. */
  const unsubscribe = async (link: Unsubscribe & { at: number }) => {
    const { tenant, user, channel, type, category, context, at } = link
    const own = (await preferences.get(tenant, [user])).get(user)
    const documents = [GENERAL, ...(context === undefined ? [] : [context])].map(
      (each) => [each, own?.get(each) ?? {}] as const,
    )
    const named = new Set(documents.flatMap(([, { types = {} }]) => Object.keys(types)))
    const known = await Promise.all(
      [...named].map(async (key) => [key, (await cache.type(tenant, key))?.category] as const),
    )
    const categories = new Map(known)
    const changes = documents.flatMap(([place, document]) =>
      unsubscribing({ channel, type, category }, document, (key) => categories.get(key)).map((each) =>
        place === GENERAL ? each : { ...each, context: place },
      ),
    )
    await change({ tenant, user }, { changes, via: 'link', by: user, since: at })
  }

  routes.open(
    {
      method: 'get',
      path: '/v1/unsubscribe/{token}',
      operationId: 'showUnsubscribePage',
      tag: 'Unsubscription',
      summary: 'Show the unsubscribe page',
      description: 'The page that an unsubscribe link opens. It asks for confirmation and changes nothing.',
      params: Token,
      answers,
    },
    async ({ c, params }) => {
      const known = readUnsubscribe(seal, params.token, Date.now())
      if (!known) return c.body(VOID, 404, PAGE_HEADERS)
      const type = await cache.type(known.tenant, known.type)
      return c.body(ask(about(known, type?.name)), 200, PAGE_HEADERS)
    },
  )

  routes.open(
    {
      method: 'post',
      path: '/v1/unsubscribe/{token}',
      operationId: 'unsubscribe',
      tag: 'Unsubscription',
      summary: 'Unsubscribe from a category or type',
      description:
        'Switches off the category of the message on its channel, or its type if it has no category: one-click unsubscription (RFC 8058), by a mail program or by the page. Repeating it changes nothing.',
      params: Token,
      rawBody: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
      bodyMaxBytes: FORM_MAX_BYTES,
      answers,
    },
    async ({ c, params, bytes }) => {
      await bytes()
      const known = readUnsubscribe(seal, params.token, Date.now())
      if (!known) return c.body(VOID, 404, PAGE_HEADERS)
      const type = await cache.type(known.tenant, known.type)
      try {
        await unsubscribe(known)
      } catch (error) {
        // Of somebody who was erased, nothing is left to switch off.
        if (error instanceof ProblemError && error.problem.code === 'erased')
          return c.body(VOID, 404, PAGE_HEADERS)
        throw error
      }
      return c.body(done(about(known, type?.name)), 200, PAGE_HEADERS)
    },
  )
}
