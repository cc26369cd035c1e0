import { z } from 'zod'
import { CHANNELS, type Channel } from './plan.ts'
import { TOKEN } from './tokens.ts'
import { WebUrl } from './url.ts'

/** A name for a device that its user's app, or the backend, chose. */
export const DeviceId = z.string().regex(TOKEN, 'a device id is 1 to 64 letters, digits, _ or -')

/** The most devices of one user; a person's browsers and phones, with room to spare. */
export const DEVICES_MAX = 32

const base64url = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+={0,2}$/, 'must be base64url')
    .refine(
      (text) => Math.floor((text.replace(/={1,2}$/, '').length * 6) / 8) === bytes,
      `must be ${bytes} bytes of base64url`,
    )

const pushKinds = [
  z.strictObject({
    kind: z.literal('web-push'),
    endpoint: WebUrl,
    keys: z.strictObject({ p256dh: base64url(65), auth: base64url(16) }),
  }),
  z.strictObject({ kind: z.literal('fcm'), token: z.string().regex(/^[\x21-\x7e]{16,4096}$/) }),
  z.strictObject({
    kind: z.literal('apns'),
    token: z.string().regex(/^([0-9a-fA-F]{2}){16,100}$/, 'an APNs token is hexadecimal'),
    topic: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,255}$/)
      .optional()
      .describe("The app's bundle id, when it is not the account's"),
  }),
] as const

/** What an app registers for its user: where push messages go. */
export const PushDevice = z.discriminatedUnion('kind', pushKinds)
export type PushDevice = z.infer<typeof PushDevice>

/** Whatever of a user's a message can be sent to beside their e-mail address and phone; backends register these. */
export const Device = z.discriminatedUnion('kind', [
  ...pushKinds,
  z.strictObject({ kind: z.literal('webhook'), url: WebUrl }),
  z.strictObject({
    kind: z.literal('slack'),
    channel: z
      .string()
      .regex(/^[#@A-Za-z0-9_.-]{1,80}$/)
      .describe('A channel or user id, such as U012AB3CD'),
  }),
  z.strictObject({ kind: z.literal('teams'), url: WebUrl.describe('A workflow or incoming webhook') }),
  z.strictObject({ kind: z.literal('discord'), url: WebUrl.describe('A channel webhook') }),
  z.strictObject({
    kind: z.literal('telegram'),
    chat: z.string().regex(/^(-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$/, 'a chat is a number or @name'),
  }),
])
export type Device = z.infer<typeof Device>
export type DeviceKind = Device['kind']

/** The channel that reaches a kind of device. */
export const channelOfDevice = (kind: DeviceKind): Channel =>
  CHANNELS.find((channel) => channel === kind) ?? 'push'
