import { ActionName, DeviceId, PushDeviceInput } from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { RegisteredDevice } from './devices-openapi.ts'

const ITEM = '0198f3a0-5f5d-7b2a-9c4d-1e2f3a4b5c6d'

/** Longer tokens are invalid. */
const TOKEN_MAX = 4_096

const Token = z.string().min(1).max(TOKEN_MAX)

const DeviceReportInput = z
  .strictObject({
    token: Token.describe('The `report` token of the push'),
    event: z.enum(['delivered', 'clicked', 'shown']).meta({
      id: 'PushReportEvent',
      description: 'What happened to the push. `shown`: the push is still shown; nothing is recorded',
    }),
    action: ActionName.optional().describe('With `clicked`: the action button that was clicked'),
  })
  .meta({
    id: 'PushReport',
    description: 'A report of a device about one push',
    examples: [{ token: 'eyJhbGciOi', event: 'delivered' }],
  })

const PushReports = z
  .strictObject({ reports: z.array(DeviceReportInput).min(1).max(50).describe('The reports') })
  .meta({
    id: 'PushReports',
    description: 'Up to 50 reports of a device',
    examples: [{ reports: [exampleOf(DeviceReportInput)] }],
  })

const PushReportsResult = z
  .object({
    recorded: z.int().min(0).describe('The number of reports with a valid token'),
    ignored: z.int().min(0).describe('The number of reports whose token is invalid or has expired'),
    unread: z
      .int()
      .min(0)
      .optional()
      .describe("The number of the user's unread items, exact up to 100; absent for several users"),
    withdraw: z
      .array(z.string())
      .describe('The items among those reported that are no longer unread: the device removes their pushes'),
  })
  .meta({
    id: 'PushReportsResult',
    description: 'The number of recorded reports, the unread count, and the pushes to remove',
    examples: [{ recorded: 2, ignored: 0, unread: 3, withdraw: [ITEM] }],
  })

export const reportPushes = defineRoute({
  method: 'post',
  path: '/v1/push/reports',
  operationId: 'reportPushes',
  tag: 'Devices',
  summary: 'Report what happened to pushes',
  description:
    'For service workers and apps, which have no user token when a push arrives. Each push has a `report` token, valid for seven days. Records that the push was delivered or clicked; a click marks its item as read, and a button takes its action. Repeated reports change nothing.',
  body: PushReports,
  answers: { 200: { description: 'Reports applied', schema: PushReportsResult } },
  problems: ['rate_limited', 'unavailable'],
})

const WebPush = PushDeviceInput.options[0]

const Renewal = WebPush.omit({ kind: true })
  .extend({
    token: Token.describe('The `renewal` token of the registered browser'),
    id: DeviceId.describe('The new id of the device'),
  })
  .meta({
    id: 'PushRenewal',
    description: 'The new subscription of a registered browser',
    examples: [
      {
        token: 'eyJhbGciOi',
        id: 'laptop',
        endpoint: 'https://fcm.googleapis.com/fcm/send/cX7Fh2',
        keys: {
          p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
          auth: '8eDyX_uCN0XRhSbY5hs7Hg',
        },
      },
    ],
  })

export const renewPushSubscription = defineRoute({
  method: 'post',
  path: '/v1/push/renewals',
  operationId: 'renewPushSubscription',
  tag: 'Devices',
  summary: 'Renew the subscription of a browser',
  description:
    'For service workers: replaces the subscription of a registered browser after `pushsubscriptionchange`. The token comes with the registration, is valid for 90 days and can be used once; the response has the next one.',
  body: Renewal,
  answers: { 200: { description: 'Renewed', schema: RegisteredDevice } },
  problems: ['forbidden', 'not_found', 'too_many_devices', 'rate_limited', 'unavailable'],
})
