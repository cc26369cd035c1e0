import { CHANNELS, type Rate } from '@carillon/schemas'
import { z } from 'zod'

const RATE = /^([a-z]+)=(?:(\d+(?:\.\d+)?)(?::(\d+))?|(off))$/
const RATE_MAX = 100_000

/** The default burst of send rates is one, so that sends are spread evenly. */
const evenly = () => 1
/** The default burst of request limits is the number of requests per second. */
export const burstOfASecond = (perSecond: number) => Math.ceil(perSecond)

/** Splits a list at its commas. Skips blanks and empty entries. */
export const entries = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/**
 * Parses `email=200,user=1:5,sms=off`: the rate per second, the burst, or `null` for no limit. `burstOf` returns the burst of
 * entries without one. Returns undefined if an entry is malformed or its name is not one of `names`.
 */
export const parseRates = <Name extends string>(
  names: readonly Name[],
  text: string,
  burstOf: (perSecond: number) => number,
): Partial<Record<Name, Rate | null>> | undefined => {
  const rates: Partial<Record<Name, Rate | null>> = {}
  for (const entry of entries(text)) {
    const [, given, perSecond, burst, off] = RATE.exec(entry) ?? []
    const name = names.find((each) => each === given)
    if (!name) return undefined
    const second = Number(perSecond)
    const rate = { perSecond: second, burst: Math.max(1, Number(burst ?? burstOf(second))) }
    if (!off && !(rate.perSecond > 0 && rate.perSecond <= RATE_MAX && rate.burst <= RATE_MAX))
      return undefined
    rates[name] = off ? null : rate
  }
  return rates
}

const ratesField = <Name extends string>(
  names: readonly Name[],
  burstOf: (perSecond: number) => number,
  message: string,
) =>
  z.string().transform((text, context) => {
    const rates = parseRates(names, text, burstOf)
    if (rates) return rates
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const SEND_NAMES = ['global', 'tenant', 'sender', 'user', ...CHANNELS] as const
export type SendRates = Partial<Record<(typeof SEND_NAMES)[number], Rate>>

/** Rate limits of sends, such as `email=200,user=1:5`: per second, and the burst. */
export const SendRates = ratesField(
  SEND_NAMES,
  evenly,
  `must be a list such as email=200,user=1:5 of ${SEND_NAMES.join(', ')} and messages a second`,
).transform((rates) => {
  const limited: SendRates = {}
  for (const name of SEND_NAMES) if (rates[name]) limited[name] = rates[name]
  return limited
})

/** `guesses`: rejected credentials, by client address. */
const REQUEST_NAMES = ['key', 'tenant', 'user', 'guesses'] as const
export type RequestRates = Record<(typeof REQUEST_NAMES)[number], Rate | null>

/** The default limits. Those of keys and tenants exceed what a hub can serve, so only faults and attacks reach them. */
export const REQUEST_RATES: RequestRates = {
  key: { perSecond: 10_000, burst: 20_000 },
  tenant: { perSecond: 20_000, burst: 40_000 },
  user: { perSecond: 100, burst: 1_000 },
  guesses: { perSecond: 1, burst: 100 },
}

/** Rate limits of requests, such as `key=100:200,user=off`. */
export const RequestRates = ratesField(
  REQUEST_NAMES,
  burstOfASecond,
  `must be a list such as key=100:200,user=off of ${REQUEST_NAMES.join(', ')} and requests a second`,
)
