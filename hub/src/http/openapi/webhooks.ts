import { WebhookMessage } from '@carillon/schemas'
import type { Json } from './components.ts'
import { exampleOf } from './example.ts'

/** The components that only webhooks refer to. */
export const WEBHOOK_SCHEMAS = { WebhookMessage }

const header = (name: string, description: string, example: string): Json => ({
  ...{ name, in: 'header', required: true, description },
  ...{ schema: { type: 'string' }, example },
})

/** The requests that Carillon sends through the `webhook` channel. */
export const WEBHOOKS: Record<string, Json> = {
  notification: {
    post: {
      operationId: 'receiveNotification',
      tags: ['Webhooks'],
      summary: 'Receive a notification',
      description:
        'Carillon sends this request to webhook devices and to the URL of a `webhook` account, signed according to [Standard Webhooks 1.0](https://www.standardwebhooks.com). Any response other than 2xx is retried; a 410 deletes the device.',
      security: [],
      parameters: [
        header('webhook-id', 'The id of the message, the same on every attempt', 'msg_0198f3a05f5c'),
        header('webhook-timestamp', 'The time of the attempt, in seconds since 1970', '1769850000'),
        header(
          'webhook-signature',
          'One or more signatures, separated by spaces',
          'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/WebhookMessage' },
            example: exampleOf(WebhookMessage),
          },
        },
      },
      responses: {
        '204': { description: 'Received' },
        '410': { description: 'The webhook is gone: its device is deleted' },
      },
    },
  },
}
