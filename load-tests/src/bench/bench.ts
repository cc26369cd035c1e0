import type { Urls } from '../rig/carillon.ts'
import type { Round } from './load.ts'
import type { Measurement } from './measure.ts'
import { measurement } from './measure.ts'
import type { Rival } from './rival.ts'

/** The real servers, and the processes of those that were started for this run. */
export type Servers = {
  urls: Urls
  readonly processes: Record<string, number>
  /** Absent if NATS was not started for this run. */
  restartNats?: () => Promise<void>
}

/** Where a bench runs: a channel alone, one process, or a hub and a dispatcher on real servers. */
export const MODES = ['channel', 'embedded', 'cluster'] as const
export type Mode = (typeof MODES)[number]

export type Context = {
  /** Shorter rounds and smaller audiences, to check that the benches work. */
  quick: boolean
  /** The modes to run the benches in. */
  modes: readonly Mode[]
  /** Prints progress, separate from the results. */
  note(line: string): void
  /** Other systems to measure with the same sender and receivers. */
  rivals: readonly Rival[]
  /** Prints results. */
  print(results: readonly Measurement[]): void
  /** Returns the servers of the three URLs, or starts servers on first use. */
  servers(): Promise<Servers>
}

/** Measures, and prints each result once it is known. */
export type Bench = (context: Context) => Promise<void>

/** Runs `work`, then the functions that it passed to `later`, in reverse order, even if it failed. */
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

/** The number of connected users of benches with single recipients. */
export const USERS = 1_000

/** Processor time per received notification, of each process or compared with a process of the baseline. */
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

/** The latency from the scheduled sending to the receipt. */
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

/** Reports duplicates. They are not errors: live messages may be repeated, and clients deduplicate items by id. */
export const noteDuplicates = (note: Context['note'], bench: string, rounds: readonly Round[]): void => {
  for (const { run, report } of rounds)
    if (report.duplicates > 0)
      note(`${bench}, run ${run}: ${report.duplicates} duplicates, such as ${report.examples.join('; ')}`)
}
