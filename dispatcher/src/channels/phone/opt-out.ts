import type { Report } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'
import { E164 } from './sender.ts'

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE'])
const START = new Set(['START', 'YES', 'UNSTOP'])

/**
 * Returns whether an inbound message opts out (`stop`) or back in (`start`); undefined for any other message.
 * The whole message must be one of Twilio's default keywords. Case, spaces and punctuation are ignored, so
 * `Opt-out.` matches.
 */
export const optOutKeyword = (text: string): 'stop' | 'start' | undefined => {
  const word = text.replaceAll(/[\s\p{P}]+/gu, '').toUpperCase()
  return STOP.has(word) ? 'stop' : START.has(word) ? 'start' : undefined
}

/** Builds the report of an opt-out or opt-in. Senders that are not E.164 numbers, such as short codes, are ignored. */
export const optOutReports = (
  keyword: 'stop' | 'start' | undefined,
  { from, channels, at }: { from: string; channels: Channel[]; at: number },
): Report[] => {
  if (keyword === undefined || !E164.test(from)) return []
  return keyword === 'stop'
    ? [{ at, suppress: { channels, address: from, reason: 'stop' } }]
    : [{ at, restore: { channels, address: from } }]
}
