import { z } from 'zod'

/** Channels beyond the inbox. `push` covers all push devices of a user: browsers, FCM and APNs. */
export const CHANNELS = [
  'push',
  'email',
  'sms',
  'mms',
  'whatsapp',
  'webhook',
  'slack',
  'teams',
  'discord',
  'telegram',
] as const
export const Channel = z
  .enum(CHANNELS)
  .meta({ id: 'Channel', description: 'A way to reach a person outside the inbox' })
export type Channel = z.infer<typeof Channel>

/** The inbox or a channel of a delivery plan. */
export const DeliveryChannel = z
  .enum(['inbox', ...CHANNELS])
  .meta({ id: 'DeliveryChannel', description: 'The channel of a delivery: the inbox, or one beyond it' })
export type DeliveryChannel = z.infer<typeof DeliveryChannel>
