import { createHmac } from 'node:crypto'
import type { Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { z } from 'zod'
import { endpointUrl } from './config.ts'
import { checkEndpoint, type Endpoint, endpointGone, endpointOf, postJson } from './endpoint.ts'
import { forRecipient, outcomeOfStatus, retryAfterMs } from './outcome.ts'

const SECRET = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const keyOf = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64')

const WebhookConfig = z.strictObject({
  url: endpointUrl('The URL that messages are posted to for users without a webhook device').optional(),
  secrets: z
    .array(
      z.string().refine((secret) => {
        const bytes = SECRET.test(secret) ? keyOf(secret).length : 0
        return bytes >= 24 && bytes <= 64
      }, 'must be whsec_ followed by 24 to 64 bytes in base64'),
      { error: 'is missing: the signing secrets, newest first' },
    )
    .min(1, 'must have at least one secret')
    .max(5, 'must have at most five secrets')
    .describe(
      'Signing secrets, newest first. Messages are signed with each of them, so that receivers can rotate secrets',
    ),
})
type WebhookConfig = z.infer<typeof WebhookConfig>

const payload = ({ notification, user, type, priority, at, content, listed }: Outgoing) => {
  const { title, body, url, image, actions, actor, category, tags, context, data } = content
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
      context,
      data,
      ...listed,
    },
  }
}

/** Signs with every key and joins the signatures with spaces (Standard Webhooks 1.0, "Multiple signatures"). */
const signatures = (keys: readonly Buffer[], id: string, timestamp: number, body: string): string =>
  keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    .join(' ')

/**
 * Maps a response to an outcome. Any status but 2xx is retried, including redirects, which are not followed. 410 removes the
 * endpoint (Standard Webhooks 1.0, "Deliverability and reliability"). A status below 500 comes from the endpoint itself, so
 * it does not count against other endpoints of the same host.
 */
const outcomeOf = (endpoint: Endpoint, answer: HttpAnswer): Outcome => {
  const { status, headers } = answer
  if (status === 410) return endpointGone(endpoint, 'HTTP 410: the webhook was removed')
  const byStatus = forRecipient(outcomeOfStatus(answer))
  if (byStatus.outcome === 'sent' || byStatus.outcome === 'retry') return byStatus
  const { reason, detail } = byStatus
  return { outcome: 'retry', reason, detail, scope: 'recipient', afterMs: retryAfterMs(headers) }
}

/**
 * Posts notifications as JSON to URLs of tenants or users, signed according to Standard Webhooks 1.0
 * (standardwebhooks.com). `webhook-id` is the same on every attempt, so that receivers can drop duplicates.
 */
export const webhook: Provider<WebhookConfig> = {
  name: 'webhook',
  channels: ['webhook'],
  config: WebhookConfig,
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
          outcomeOf(endpoint, answer),
        )
      },
      verify: () => checkEndpoint(tools, url),
      close: async () => {},
    }
  },
}
