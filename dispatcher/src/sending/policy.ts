import type { Channel, Priority } from '@carillon/schemas'

/** How often something is tried, and the pauses between: `firstMs`, growing by `factor`, up to `capMs`. */
export type Policy = { attempts: number; firstMs: number; factor: number; capMs: number }

/** Minutes for what people wait for, about two hours for mail, more than a day for machines. */
const POLICIES: Record<'phone' | 'push' | 'email' | 'chat' | 'webhook', Policy> = {
  phone: { attempts: 6, firstMs: 5_000, factor: 3, capMs: 10 * 60_000 },
  push: { attempts: 6, firstMs: 5_000, factor: 4, capMs: 30 * 60_000 },
  email: { attempts: 8, firstMs: 10_000, factor: 3, capMs: 60 * 60_000 },
  chat: { attempts: 6, firstMs: 5_000, factor: 4, capMs: 30 * 60_000 },
  webhook: { attempts: 9, firstMs: 5_000, factor: 5, capMs: 10 * 3_600_000 },
}

/** One-time passwords and alarms are worth nothing an hour later. */
const CRITICAL: Policy = { attempts: 6, firstMs: 1_000, factor: 2, capMs: 30_000 }

const KIND: Record<Channel, keyof typeof POLICIES> = {
  push: 'push',
  email: 'email',
  sms: 'phone',
  mms: 'phone',
  whatsapp: 'phone',
  webhook: 'webhook',
  slack: 'chat',
  teams: 'chat',
  discord: 'chat',
  telegram: 'chat',
}

export const policyFor = (channel: Channel, priority: Priority): Policy =>
  priority === 'critical' ? CRITICAL : POLICIES[KIND[channel]]

/**
 * The pause before the attempt after `attempt` (from 1), in ms: exponential, cut at random by up to a half so that what
 * failed together does not come back together, and never less than the provider asked for. Undefined when there is no
 * further attempt.
 */
export const pauseAfter = (
  { attempts, firstMs, factor, capMs }: Policy,
  attempt: number,
  askedMs = 0,
  random = Math.random,
): number | undefined => {
  if (attempt >= attempts) return undefined
  const pause = Math.min(capMs, firstMs * factor ** (attempt - 1)) * (0.5 + random() / 2)
  return Math.max(pause, askedMs * (1 + random() / 10))
}
