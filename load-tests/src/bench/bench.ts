import type { Urls } from '../rig/carillon.ts'
import type { Round } from './load.ts'
import type { Measurement } from './measure.ts'
import { measurement } from './measure.ts'

/** The real servers, and the processes of those that were raised for this run. */
export type Servers = { urls: Urls; processes: Record<string, number> }

/** A channel by itself; everything in one process; a hub and a dispatcher on the real servers. */
export const MODES = ['channel', 'embedded', 'cluster'] as const
export type Mode = (typeof MODES)[number]

export type Context = {
  /** Shorter and smaller, to see that nothing has broken. */
  quick: boolean
  /** Which ways to run the benches in. */
  modes: readonly Mode[]
  /** Says what goes on, apart from the results. */
  note(line: string): void
  /** The servers that the three URLs name; without them, raised on first use. */
  servers(): Promise<Servers>
}

export type Bench = (context: Context) => Promise<Measurement[]>

/** Runs `work`, then what it handed to `later`, last first, whether it succeeded or not. */
export const cleaningUp = async <Result>(
  work: (later: (undo: () => unknown) => void) => Promise<Result>,
): Promise<Result> => {
  const undos: (() => unknown)[] = []
  try {
    return await work((undo) => undos.push(undo))
  } finally {
    for (const undo of undos.reverse()) await undo()
  }
}

export const rates = (rounds: readonly Pick<Round, 'rate'>[]): number[] => rounds.map(({ rate }) => rate)

/** Connected users of the benches that deliver to people one by one. */
export const USERS = 1_000

/** Processor time per notification received: of each process, or `name` against a process of the bare baseline. */
export const processorTime = (
  bench: string,
  rounds: readonly Pick<Round, 'cpu'>[],
  bare?: { rounds: readonly Pick<Round, 'cpu'>[]; name: string; process: string },
): Measurement[] =>
  Object.keys(rounds[0]?.cpu ?? {}).map((name) => {
    const of = (each: readonly Pick<Round, 'cpu'>[], process: string) =>
      each.flatMap(({ cpu }) => cpu[process] ?? [])
    const other = name === bare?.name ? bare.process : name
    return measurement(
      `${bench}.cpu.${name}`,
      'µs/notification',
      of(rounds, name),
      bare ? of(bare.rounds, other) : [],
    )
  })

/** How long it took from the intended sending to the receipt. */
export const latencies = (
  bench: string,
  rounds: readonly Round[],
  bare: readonly Round[] = [],
  aims: { p99?: string } = {},
): Measurement[] =>
  (['p50', 'p99'] as const).map((percentile) => {
    const of = (each: readonly Round[]) => each.map(({ report }) => report.latency[percentile])
    const aim = percentile === 'p99' ? aims.p99 : undefined
    return measurement(`${bench}.${percentile}`, 'ms', of(rounds), of(bare), aim)
  })

/** Duplicates are no loss: live messages may come twice, and clients know items by their id. They are listed. */
export const noteDuplicates = (note: Context['note'], bench: string, rounds: readonly Round[]): void => {
  for (const { run, report } of rounds)
    if (report.duplicates > 0)
      note(`${bench}, run ${run}: ${report.duplicates} duplicates, such as ${report.examples.join('; ')}`)
}
