import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { type StandIn, standIn } from './http.ts'

/** An accepted webhook. Its id is the same on every attempt. */
type Accepted = { id: string; payload: unknown }

/** Starts a webhook receiver that accepts only requests with a valid signature (Standard Webhooks). */
export const webhookReceiver = async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const webhook = new Webhook(secret)
  const receiver: StandIn<Accepted> = await standIn({
    parse: ({ headers, body }) => ({
      id: String(headers['webhook-id']),
      payload: webhook.verify(body, headers as Record<string, string>),
    }),
    answer: () => ({ status: 204 }),
  })
  return {
    ...receiver,
    /** The account and the user's device to store. */
    account: { provider: 'webhook', config: { secrets: [secret] } },
    device: { kind: 'webhook' as const, url: `${receiver.url}/hook` },
  }
}
