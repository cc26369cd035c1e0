import { readUnsubscribe } from '@carillon/core/delivery/unsubscribe'
import type { Seal } from '@carillon/core/security/seal'
import type { Suppressions } from '@carillon/core/store/ports/suppressions'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'

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

/** These pages contain no input, so nothing can be injected. */
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

const ASK = page(
  'Stop these messages?',
  `<p>Nothing more will be sent to the address that this link was sent to.</p>
      <form method="post"><button type="submit">Unsubscribe</button></form>`,
)
const DONE = page('You are unsubscribed', `<p>Nothing more will be sent to this address.</p>`)
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
  { suppressions, seal }: { suppressions: Suppressions; seal: Seal },
) => {
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
    ({ c, params }) => {
      const known = readUnsubscribe(seal, params.token, Date.now())
      return c.body(known ? ASK : VOID, known ? 200 : 404, PAGE_HEADERS)
    },
  )

  routes.open(
    {
      method: 'post',
      path: '/v1/unsubscribe/{token}',
      operationId: 'unsubscribe',
      tag: 'Unsubscription',
      summary: 'Unsubscribe an address',
      description:
        'Suppresses the address that the link was sent to: one-click unsubscription (RFC 8058), by a mail program or by the page.',
      params: Token,
      rawBody: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
      bodyMaxBytes: FORM_MAX_BYTES,
      answers,
    },
    async ({ c, params, bytes }) => {
      await bytes()
      const known = readUnsubscribe(seal, params.token, Date.now())
      if (!known) return c.body(VOID, 404, PAGE_HEADERS)
      const { tenant, channel, address } = known
      await suppressions.put(tenant, [
        { channel, address, reason: 'unsubscribe', at: new Date().toISOString(), source: null },
      ])
      return c.body(DONE, 200, PAGE_HEADERS)
    },
  )
}
