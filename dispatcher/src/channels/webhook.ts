import { createHmac } from 'node:crypto'
import type { HttpAnswer, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { z } from 'zod'
import { checkEndpoint, type Endpoint, endpointOf, endpointUrl, gone, postJson } from './endpoint.ts'
import { forRecipient, outcomeOfStatus, retryAfterMs } from './outcome.ts'

const SECRET = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const keyOf = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64')

const config = z.strictObject({
  url: endpointUrl('Where messages go for users without a webhook device of their own').optional(),
  secrets: z
    .array(
      z.string().refine((secret) => {
        const bytes = SECRET.test(secret) ? keyOf(secret).length : 0
        return bytes >= 24 && bytes <= 64
      }, 'must be whsec_ and 24 to 64 bytes of base64'),
      { error: 'is missing: the secrets that messages are signed with, newest first' },
    )
    .min(1, 'must hold at least one secret')
    .max(5, 'must hold at most five secrets')
    .describe('Secrets, newest first: messages are signed with each, so that receivers can change over'),
})
type Config = z.infer<typeof config>

const payload = ({ notification, user, type, priority, at, content }: Outgoing) => {
  const { title, body, url, image, actions, actor, category, tags, data } = content
  return {
    type: 'notification',
    timestamp: new Date(at).toISOString(),
    data: {
      notification,
      user,
      type,
      priority,
      title,
      body,
      url,
      image,
      actions,
      actor,
      category,
      tags,
      data,
    },
  }
}

/** One signature for each key, with a space between (Standard Webhooks 1.0, "Multiple signatures"). */
const signatures = (keys: readonly Buffer[], id: string, timestamp: number, body: string): string =>
  keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    .join(' ')

/**
 * Anything but 2xx is retried, redirects as well, which are not followed; 410 removes the endpoint (Standard Webhooks 1.0,
 * "Deliverability and reliability"). An answer below 500 comes from the endpoint itself: it says nothing about others on
 * the same host.
 */
const outcome = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  const { status, headers } = answer
  if (status === 410) return gone(endpoint, 'HTTP 410: the webhook does not want to be called any more')
  const known = forRecipient(outcomeOfStatus(answer))
  if (known.outcome === 'sent' || known.outcome === 'retry') return known
  const { reason, detail } = known
  return { outcome: 'retry', reason, detail, scope: 'recipient', afterMs: retryAfterMs(headers) }
}

/**
 * Posts notifications as JSON to URLs that tenants or their users run, signed as Standard Webhooks 1.0 has it
 * (standardwebhooks.com). `webhook-id` is the same on every attempt: receivers drop what they have had.
 */
export const webhook: Provider<Config> = {
  name: 'webhook',
  channels: ['webhook'],
  config,
  repeatable: true,
  concurrency: 64,
  needs: (_, { url }) => (url === undefined ? 'device' : 'account'),
  open: ({ url, secrets }, tools) => {
    const keys = secrets.map(keyOf)
    return {
      send: (message, signal) => {
        const endpoint = endpointOf('webhook', message, url)
        const body = JSON.stringify(payload(message))
        const timestamp = Math.floor(Date.now() / 1_000)
        const headers = {
          'webhook-id': message.key,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatures(keys, message.key, timestamp, body),
        }
        return postJson(tools.http, { url: endpoint.url, headers, body, signal }, (answer) =>
          outcome(endpoint, answer),
        )
      },
      verify: () => checkEndpoint(tools, url),
      close: async () => {},
    }
  },
}
