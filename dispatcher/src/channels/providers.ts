import type { Provider, Providers } from '@carillon/core/delivery/provider'
import { capture } from './capture.ts'
import { discord } from './chat/discord.ts'
import { slack } from './chat/slack.ts'
import { teams } from './chat/teams.ts'
import { telegram } from './chat/telegram.ts'
import { sendgrid } from './email/sendgrid.ts'
import { ses } from './email/ses.ts'
import { smtp } from './email/smtp.ts'
import { twilio } from './phone/twilio.ts'
import { vonage } from './phone/vonage.ts'
import { whatsappCloud } from './phone/whatsapp-cloud.ts'
import { apns } from './push/apns.ts'
import { fcm } from './push/fcm.ts'
import { webPush } from './push/web-push.ts'
import { webhook } from './webhook.ts'

// biome-ignore lint/suspicious/noExplicitAny: each provider has its own config type
const ALL: readonly Provider<any>[] = [
  smtp,
  sendgrid,
  ses,
  webPush,
  fcm,
  apns,
  twilio,
  vonage,
  whatsappCloud,
  webhook,
  slack,
  teams,
  discord,
  telegram,
  capture,
]

/** All providers by name. To add one, write a file in the folder of its medium and add a line here. */
export const PROVIDERS: Providers = new Map(ALL.map((provider) => [provider.name, provider]))
