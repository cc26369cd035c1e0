import { z } from 'zod'
import { CHANNELS, type Channel } from '../delivery/channel.ts'
import { TOKEN } from '../fields/token.ts'
import { WebUrl } from '../fields/url.ts'

/** The id of a device, chosen by the user's app or the backend. */
export const DeviceId = z
  .string()
  .regex(TOKEN, 'a device id is 1 to 64 letters, digits, _ or -')
  .meta({ description: "The id of a device, chosen by the user's app or the backend", examples: ['laptop'] })

/** Maximum number of devices per user. */
export const DEVICES_MAX = 32

/** A base64url text of `bytes` bytes, with or without padding. `digits` matches its digits. */
const base64url = (bytes: number, digits: RegExp) =>
  z.string().regex(digits, `must be ${bytes} bytes of base64url`)

const P256DH = 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM'

const WebPushKeys = z
  .strictObject({
    p256dh: base64url(65, /^[A-Za-z0-9_-]{87}={0,2}$/).describe('The public key: 65 bytes of base64url'),
    auth: base64url(16, /^[A-Za-z0-9_-]{22}={0,2}$/).describe(
      'The authentication secret: 16 bytes of base64url',
    ),
  })
  .meta({ id: 'WebPushKeys', description: 'The keys of a PushSubscription of a browser' })

const kind = <const Name extends string>(name: Name) => z.literal(name).describe('The kind of device')

const pushKinds = [
  z
    .strictObject({
      kind: kind('web-push'),
      endpoint: WebUrl.describe('The `endpoint` of the PushSubscription'),
      keys: WebPushKeys,
    })
    .meta({ id: 'WebPushDevice', description: 'A browser: its PushSubscription' }),
  z
    .strictObject({
      kind: kind('fcm'),
      token: z
        .string()
        .regex(/^[\x21-\x7e]{16,4096}$/)
        .describe('The FCM registration token'),
    })
    .meta({ id: 'FcmDevice', description: 'An app that Firebase Cloud Messaging reaches' }),
  z
    .strictObject({
      kind: kind('apns'),
      token: z
        .string()
        .regex(/^([0-9a-fA-F]{2}){16,100}$/, 'an APNs token is hexadecimal')
        .describe('The device token, in hexadecimal'),
      topic: z
        .string()
        .regex(/^[A-Za-z0-9.-]{1,255}$/)
        .optional()
        .describe("The bundle id of the app, if it is not the account's"),
    })
    .meta({ id: 'ApnsDevice', description: 'An app that the Apple Push Notification service reaches' }),
] as const

const PUSH_EXAMPLE = {
  kind: 'web-push',
  endpoint: 'https://fcm.googleapis.com/fcm/send/cX7Fh2',
  keys: { p256dh: P256DH, auth: '8eDyX_uCN0XRhSbY5hs7Hg' },
}

/** A push device, as registered by an app for its user. */
export const PushDeviceInput = z.discriminatedUnion('kind', pushKinds).meta({
  id: 'PushDeviceInput',
  description: 'A destination of push messages, as an app registers it for its user',
  examples: [PUSH_EXAMPLE],
})
export type PushDeviceInput = z.infer<typeof PushDeviceInput>

/** A destination of a user other than e-mail address and phone, as registered by a backend. */
export const DeviceInput = z
  .discriminatedUnion('kind', [
    ...pushKinds,
    z
      .strictObject({ kind: kind('webhook'), url: WebUrl.describe('Where requests are sent') })
      .meta({ id: 'WebhookDevice', description: 'A machine that is called over HTTP' }),
    z
      .strictObject({
        kind: kind('slack'),
        channel: z
          .string()
          .regex(/^[#@A-Za-z0-9_.-]{1,80}$/)
          .describe('A channel or user id, such as U012AB3CD'),
      })
      .meta({ id: 'SlackDevice', description: 'A channel or a user of Slack' }),
    z
      .strictObject({ kind: kind('teams'), url: WebUrl.describe('A workflow or incoming webhook') })
      .meta({ id: 'TeamsDevice', description: 'A channel or chat of Microsoft Teams' }),
    z
      .strictObject({ kind: kind('discord'), url: WebUrl.describe('A channel webhook') })
      .meta({ id: 'DiscordDevice', description: 'A channel of Discord' }),
    z
      .strictObject({
        kind: kind('telegram'),
        chat: z
          .string()
          .regex(/^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$/, 'a chat is a number or @name')
          .describe('A chat id, or the name of a channel'),
      })
      .meta({ id: 'TelegramDevice', description: 'A chat of Telegram' }),
  ])
  .meta({
    id: 'DeviceInput',
    description: 'A device, a webhook or a chat, as a backend registers it for a user',
    examples: [
      { kind: 'webhook', url: 'https://example.com/hooks/7' },
      { kind: 'slack', channel: 'U012AB3CD' },
    ],
  })
export type DeviceInput = z.infer<typeof DeviceInput>
export type DeviceKind = DeviceInput['kind']

/** Returns the channel that reaches a kind of device. */
export const channelOfDevice = (kind: DeviceKind): Channel =>
  CHANNELS.find((channel) => channel === kind) ?? 'push'
