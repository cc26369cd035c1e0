import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { type StandIn, standIn } from './http.ts'

/** What a receiver took, with the id that repeats of it have too. */
type Hooked = { id: string; payload: unknown }

/** Somebody's own server that takes webhooks, and nothing that is not signed for it (Standard Webhooks). */
export const webhookReceiver = async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const webhook = new Webhook(secret)
  const receiver: StandIn<Hooked> = await standIn({
    understand: ({ headers, body }) => ({
      id: String(headers['webhook-id']),
      payload: webhook.verify(body, headers as Record<string, string>),
    }),
    answer: () => ({ status: 204 }),
  })
  return {
    ...receiver,
    /** What to store as the account, and as a user's device. */
    account: { provider: 'webhook', config: { secrets: [secret] } },
    device: { kind: 'webhook' as const, url: `${receiver.url}/hook` },
  }
}
