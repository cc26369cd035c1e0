import { type Bench, type Context, cleaningUp, processorTime, rates } from './bench.ts'
import { type Compared, resultName, startContenders, type Work } from './contenders.ts'
import { type Measurement, measurement } from './measure.ts'

export const SINGLE: Work = { name: 'single', toAll: false, inFlight: 64 }
export const BROADCAST: Work = { name: 'broadcast', toAll: true, inFlight: 4 }

/** The processor time of receivers and sender is left out: both are the same for all. */
const results = (bench: string, compared: Compared): Measurement[] => {
  const { name, rounds, bare } = compared
  const own = rounds.map(({ cpu }) => ({ cpu: name in cpu ? { [name]: cpu[name] ?? Number.NaN } : {} }))
  const rate = resultName(`${bench}.rate`, compared)
  const aim = rate === `${bench}.rate` ? '≥ 0.5' : undefined
  return [
    measurement(rate, 'received/s', rates(rounds), rates(bare.rounds), aim),
    ...processorTime(bench, own, { rounds: bare.rounds, name, process: bare.name }),
  ]
}

/** Measures the rate of one notification per request, with concurrent requests. */
const measure = async (work: Work, context: Context): Promise<void> => {
  const { quick, note, modes, print } = context
  if (!modes.includes('embedded')) return
  await cleaningUp(async (later) => {
    const contenders = await startContenders(later, work, context)
    note(`${work.name}: rate`)
    const seconds = quick ? 1.5 : 4
    await contenders.rates(1, seconds)
    const found = await contenders.rates(quick ? 2 : 5, seconds)
    await contenders.checkStored()
    for (const each of found) print(results(work.name, each))
  })
}

/** Measures one notification per request, each to one connected user. */
export const single: Bench = (context) => measure(SINGLE, context)

/** Measures one notification per request, each to a topic whose members are all connected. */
export const broadcast: Bench = (context) => measure(BROADCAST, context)
