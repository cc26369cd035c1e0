import { CHANNELS, type Channel, RETRY_WINDOW_MAX } from '@carillon/schemas'
import { z } from 'zod'
import { entries } from './rates.ts'

export const RETRIES_EXAMPLE = 'email=window:24h,base:5s,cap:30m;webhook=window:3d'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SETTING_OF = {
  window: 'windowMs',
  base: 'baseMs',
  cap: 'capMs',
  fallback: 'fallbackMs',
  attempts: 'attempts',
} as const
type RetrySettings = Partial<Record<(typeof SETTING_OF)[keyof typeof SETTING_OF], number>>
export type Retries = Partial<Record<Channel, RetrySettings>>

/** Parses `window:24h,base:5s,cap:30m,attempts:9`. Returns undefined if it is malformed. */
const parseSettings = (text: string): RetrySettings | undefined => {
  const settings: RetrySettings = {}
  for (const entry of entries(text)) {
    const [, name, count, unit] = /^(window|base|cap|fallback|attempts):(\d{1,7})([smhd]?)$/.exec(entry) ?? []
    if (name === undefined || (name === 'attempts') !== (unit === '')) return undefined
    const value = Number(count) * (unit ? UNITS[unit as keyof typeof UNITS] : 1)
    const least = name === 'window' || name === 'fallback' ? 0 : 1
    if (value < least || value > RETRY_WINDOW_MAX * 1_000) return undefined
    settings[SETTING_OF[name as keyof typeof SETTING_OF]] = value
  }
  return Object.keys(settings).length > 0 ? settings : undefined
}

/** Retry policies by channel, as in RETRIES_EXAMPLE. */
export const Retries = z.string().transform((text, context) => {
  const retries: Retries = {}
  for (const entry of text.split(';').filter((each) => each.trim() !== '')) {
    const [, name, settings = ''] = /^\s*([a-z]+)=(.*)$/.exec(entry) ?? []
    const channel = CHANNELS.find((each) => each === name)
    const given = parseSettings(settings)
    if (!channel || !given) {
      context.addIssue({
        code: 'custom',
        message: `must be a list such as ${RETRIES_EXAMPLE}: for each of ${CHANNELS.join(', ')} any of window, base, cap and fallback as a time in s, m, h or d (at most 30d), and attempts`,
      })
      return z.NEVER
    }
    retries[channel] = given
  }
  return retries
})
