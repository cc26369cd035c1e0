import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { CallbackResult, Providers } from '@carillon/core/delivery/provider'
import { reportMessages } from '@carillon/core/delivery/report-work'
import { ProblemError } from '@carillon/core/errors'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import type { Seal } from '@carillon/core/security/seal'
import type { Accounts } from '@carillon/core/store/ports/accounts'
import type { Stream } from '@carillon/core/stream/port'
import { AccountId, parse, TenantId, withoutTrailingSlash } from '@carillon/schemas'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'

const Place = z.object({ tenant: TenantId, account: AccountId })
/** Maximum body for a provider that sets no limit of its own. */
const CALLBACK_MAX_BYTES = 256 * 1_024

const METHODS = [
  {
    method: 'get',
    operationId: 'verifyCallback',
    summary: 'Verify a callback URL',
    description: 'For providers that check a callback URL with a challenge before they use it.',
    answers: {
      200: { description: 'The response to the challenge', schema: z.string(), type: 'text/plain' },
      204: { description: 'Callback accepted' },
    },
  },
  {
    method: 'post',
    operationId: 'receiveCallback',
    summary: 'Receive the reports of a provider',
    description:
      "For providers: receipts, bounces, complaints and replies such as STOP. The body is the provider's own, signed as the provider signs it; the callback URL of an account is `/v1/callbacks/{tenant}/{account}`.",
    answers: {
      200: {
        description: 'Reports applied, with the response that the provider expects',
        schema: z.string(),
        type: 'text/plain',
      },
      204: { description: 'Reports applied' },
    },
  },
] as const

/** Maps a failed fetch of a signing key to `unavailable`, so that the provider calls again. */
const unchecked = (cause: unknown): CallbackResult => {
  if (!(cause instanceof HttpFailure)) throw cause
  throw new ProblemError('unavailable', 'the callback cannot be verified now', { cause })
}

/**
 * Adds the routes for provider callbacks. Each provider verifies its own signatures. A report is answered
 * once it is in the event log; dispatchers apply it.
 */
export const callbackRoutes = (
  routes: Routes,
  parts: {
    accounts: Accounts
    cache: SettingsCache
    providers: Providers
    http: Http
    stream: Pick<Stream, 'publish'>
    seal: Pick<Seal, 'seal' | 'digest'>
    publicUrl?: string
  },
) => {
  const { accounts, cache, providers, http, stream, seal, publicUrl } = parts

  /** Throws the same problem for an unknown tenant, account or provider, so that they cannot be probed. */
  const find = async ({ tenant, account }: z.infer<typeof Place>) => {
    const known = await cache.tenant(tenant)
    const found = known && (await accounts.list(tenant)).find(({ id }) => id === account)
    const provider = found && providers.get(found.provider)
    if (!known || !found || !provider?.callback)
      throw new ProblemError('not_found', 'there is nothing at this address')
    const callback = provider.callback.bind(provider)
    const config = parse(provider.config, found.config)
    if (!config.success) throw new ProblemError('unavailable', 'the stored config of this account is invalid')
    const maxBytes = provider.callbackMaxBytes ?? CALLBACK_MAX_BYTES
    return { vapid: known.vapid, config: config.data, callback, maxBytes }
  }

  for (const { method, ...texts } of METHODS)
    routes.open(
      {
        method,
        path: '/v1/callbacks/{tenant}/{account}',
        ...texts,
        tag: 'Callbacks',
        params: Place,
        rawBody: {
          'application/json': { schema: {} },
          'application/x-www-form-urlencoded': { schema: { type: 'object' } },
        },
        problems: ['not_found', 'forbidden', 'unavailable', 'stream_full'],
      },
      async ({ c, params: { tenant, account }, bytes }) => {
        const { vapid, config, callback, maxBytes } = await find({ tenant, account })
        c.set('tenant', tenant)
        const called = new URL(c.req.url)
        const base = publicUrl === undefined ? called.origin : withoutTrailingSlash(publicUrl)
        const { reports, answer } = await callback(
          {
            method: method.toUpperCase(),
            url: `${base}${called.pathname}${called.search}`,
            headers: Object.fromEntries(c.req.raw.headers),
            body: method === 'get' ? new Uint8Array() : await bytes(maxBytes),
          },
          config,
          { http, vapid, tenant, account, ...(publicUrl === undefined ? {} : { publicUrl }) },
        ).catch(unchecked)
        const messages = reportMessages(seal, { tenant, account }, reports, Date.now())
        if (messages.length > 0) await stream.publish(messages)
        if (!answer) return c.body(null, 204)
        return c.body(answer.body, answer.status as ContentfulStatusCode, {
          'content-type': answer.type ?? 'text/plain; charset=utf-8',
        })
      },
    )
}
