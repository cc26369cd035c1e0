import type { Provider, Providers } from '@carillon/core/outreach/provider'
import { apns } from './apns.ts'
import { capture } from './capture.ts'
import { discord } from './discord.ts'
import { slack } from './slack.ts'
import { smtp } from './smtp.ts'
import { teams } from './teams.ts'
import { telegram } from './telegram.ts'
import { twilio } from './twilio.ts'
import { vonage } from './vonage.ts'
import { webPush } from './web-push.ts'
import { webhook } from './webhook.ts'
import { whatsappCloud } from './whatsapp-cloud.ts'

// biome-ignore lint/suspicious/noExplicitAny: each provider has a config of its own, which only it reads
const ALL: readonly Provider<any>[] = [
  smtp,
  webPush,
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

/** Every provider Carillon knows, by name. A new one is a file beside this and a line here. */
export const PROVIDERS: Providers = new Map(ALL.map((provider) => [provider.name, provider]))
