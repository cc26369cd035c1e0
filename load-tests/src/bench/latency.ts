import { type Bench, type Context, cleaningUp, latencies, rates } from './bench.ts'
import { resultName, startContenders, type Work } from './contenders.ts'
import { median } from './measure.ts'
import { BROADCAST, SINGLE } from './single.ts'

/** A rate at which a hub is nearly idle, requests per second. */
const QUIET_RATE = 100

/** Shares of the rate that each contender reaches with concurrent requests. */
type Shares = Readonly<Record<string, number>>

/** Measures the latency at fixed rates, open loop: from the scheduled time of a request to the receipt. */
const measure = async (work: Work, shares: Shares, context: Context): Promise<void> => {
  const { quick, note, print } = context
  const bench = work.toAll ? `latency.${work.name}` : 'latency'
  await cleaningUp(async (later) => {
    const { rates: reached, atRates, checkStored } = await startContenders(later, work, context)
    note(`${bench}: rate`)
    const seconds = quick ? 1 : 4
    await reached(1, seconds)
    const capacities = new Map<string, number>()
    for (const compared of await reached(quick ? 1 : 3, seconds))
      for (const { name, rounds, connections } of [compared, compared.bare])
        capacities.set(name, median(rates(rounds)) / (work.toAll ? connections : 1))
    const at = async (label: string, rateOf: (name: string) => number) => {
      note(`${bench}: at ${label}`)
      for (const each of await atRates(quick ? 1 : 3, quick ? 2 : 8, rateOf))
        print(latencies(resultName(`${bench}.${label}`, each), each.rounds, each.bare.rounds))
    }
    if (!work.toAll) await at(`${QUIET_RATE}-per-second`, () => QUIET_RATE)
    for (const [label, share] of Object.entries(shares))
      await at(label, (name) => share * (capacities.get(name) ?? Number.NaN))
    await checkStored()
  })
}

/**
 * Measures the latency of one notification per request: at 100 a second, at half and at 80 % of the rate that each contender
 * reaches; and, in the full run, that of one notification to everybody at half of its rate.
 */
export const latency: Bench = async (context) => {
  if (!context.modes.includes('embedded')) return
  await measure(SINGLE, { half: 0.5, '80-percent': 0.8 }, context)
  if (!context.quick) await measure(BROADCAST, { half: 0.5 }, context)
}
