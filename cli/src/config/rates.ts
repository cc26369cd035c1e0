import type { Rate } from '@carillon/schemas'

const RATE = /^([a-z]+)=(?:(\d+(?:\.\d+)?)(?::(\d+))?|(off))$/
const MOST = 100_000

/** Of sends: one at once, so that they are spread evenly. */
export const evenly = () => 1
/** Of requests: as many at once as in a second. */
export const aSecondAtOnce = (perSecond: number) => Math.ceil(perSecond)

/** Splits a list at its commas; blanks and empty entries are left out. */
export const entries = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/**
 * Parses `email=200,user=1:5,sms=off`: so many a second, at most so many at once, or `null` for no limit. `burstOf` says how
 * many at once where an entry does not. Undefined if an entry does not fit or its name is none of `names`.
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
    const pace = Number(perSecond)
    const rate = { perSecond: pace, burst: Math.max(1, Number(burst ?? burstOf(pace))) }
    if (!off && !(rate.perSecond > 0 && rate.perSecond <= MOST && rate.burst <= MOST)) return undefined
    rates[name] = off ? null : rate
  }
  return rates
}
