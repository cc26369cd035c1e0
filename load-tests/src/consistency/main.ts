/**
 * Runs the end-to-end consistency tests at full size: a seeded workload on real servers, a fault in the middle, and a
 * comparison of the final state with what was accepted. Exits with 1 if an anomaly is found. `npm run consistency -- --help` lists the
 * options.
 * @module
 */
import { commandLine, runCommandLine, wholeNumber } from '@carillon/cli/commands/command-line'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { ANOMALIES } from './checker.ts'
import { clusterEnvironment } from './cluster.ts'
import { embeddedEnvironment } from './embedded.ts'
import type { Environment } from './environment.ts'
import { runRestarts } from './restarts.ts'
import { type Result, runConsistencyTest } from './run.ts'

const CLUSTER = ['none', 'workers', 'redis', 'commands', 'nats', 'cassandra']
const EMBEDDED = ['embedded', 'process']
const RESTARTS = 'restarts'
const RESTART_COUNT = 10
const ALL = [...CLUSTER, ...EMBEDDED, RESTARTS]

const say = (line = '') => process.stdout.write(`${line}\n`)

const parseFaults = (list: string): string[] => {
  if (list === 'all') return ALL
  const faults = list.split(',')
  const unknown = faults.find((fault) => !ALL.includes(fault))
  if (unknown === undefined) return faults
  throw new InvalidArgumentError(`Unknown fault ${unknown}.`)
}

const size = <Flags extends string>(flags: Flags, description: string, otherwise: number) =>
  new Option(flags, description).argParser(wholeNumber(1)).default(otherwise)

const program = commandLine('consistency')
  .usage('[options]   (npm run consistency -- --fault embedded)')
  .description('Publishes a seeded workload, injects a fault in the middle, and checks the final state.')
  .addOption(size('--notifications <number>', 'Number of notifications', 50_000))
  .addOption(size('--users <number>', 'Number of users', 1_000))
  .addOption(size('--members <number>', 'Members of the large topic', 100_000))
  .addOption(size('--rate <number>', 'Notifications per second', 4_000))
  .addOption(size('--seed <number>', 'Seed of the workload', 1))
  .addOption(
    new Option(
      '--fault <list>',
      `all, or a comma-separated list. On a cluster: ${CLUSTER.join(', ')}. With carillon dev: embedded (no fault), process (kill). ${RESTARTS}: ten rolling restarts of a cluster under load, behind the shipped proxy`,
    )
      .argParser(parseFaults)
      .default(ALL, 'all'),
  )
  .option('--logs', 'Print the logs of every process at the end')

type Options = ReturnType<typeof program.opts>

const COLUMNS = [
  ['fault', 10],
  ['verdict', 8],
  ['rows', 9],
  ...ANOMALIES.map((anomaly) => [anomaly, anomaly.length + 2] as const),
  ['letters', 9],
  ['unanswered', 12],
  ['live missed', 13],
  ['repeated', 10],
  ['publish s', 11],
  ['process s', 11],
  ['agree s', 9],
  ['API during fault', 0],
] as const

const line = (cells: readonly unknown[]) =>
  say(cells.map((cell, index) => String(cell).padEnd(COLUMNS[index]?.[1] ?? 0)).join(''))

const report = (fault: string, result: Result) => {
  const { anomalies, took } = result
  line([
    ...[
      fault,
      result.ok ? 'ok' : 'FAILED',
      result.rows,
      ...ANOMALIES.map((anomaly) => anomalies[anomaly].count),
    ],
    ...[result.letters, result.unknown, result.liveMissed, result.liveRepeated],
    ...[took.publishing, took.processing, took.agreeing],
    Object.entries(result.duringFault)
      .map(([status, times]) => `${status}×${times}`)
      .join(' '),
  ])
  for (const anomaly of ANOMALIES)
    for (const example of anomalies[anomaly].examples) say(`  ${anomaly}: ${example}`)
}

const run = async (
  faults: string[],
  open: () => Promise<Environment>,
  { logs, fault: _, ...sizes }: Options,
): Promise<boolean> => {
  if (faults.length === 0) return true
  const environment = await open()
  let ok = true
  try {
    for (const fault of faults) {
      const result = await runConsistencyTest(environment, {
        fault: fault === 'embedded' ? 'none' : fault,
        ...sizes,
        note: (line) => process.stderr.write(`  … ${fault}: ${line}\n`),
      })
      report(fault, result)
      ok &&= result.ok
    }
  } finally {
    if (logs) for (const line of environment.logs()) process.stderr.write(`${line}\n`)
    await environment.close()
  }
  return ok
}

const reportRestarts = async (): Promise<boolean> => {
  const { restarts, requests, reconnections, seconds, failed, unclean, misplaced } = await runRestarts({
    restarts: RESTART_COUNT,
    note: (line) => process.stderr.write(`  … ${RESTARTS}: ${line}\n`),
  })
  const failures = [
    ...Object.entries(failed).map(([what, times]) => `${times} failures: ${what}`),
    ...unclean,
    ...misplaced.map((item) => `lost or duplicated: ${item}`),
  ]
  const ok = failures.length === 0
  say(
    `${RESTARTS}  ${ok ? 'ok' : 'FAILED'}  ${restarts} restarts in ${seconds} s, ${requests} requests, ${reconnections} reconnections`,
  )
  for (const failure of failures) say(`  ${failure}`)
  return ok
}

program.action(async (options) => {
  const pick = (some: string[]) => options.fault.filter((fault) => some.includes(fault))
  const { notifications, users, members, seed } = options
  if (pick([...CLUSTER, ...EMBEDDED]).length > 0) {
    say(`${notifications} notifications to ${users} users, a topic of ${members}, seed ${seed}`)
    line(COLUMNS.map(([name]) => name))
  }
  const clustered = await run(pick(CLUSTER), clusterEnvironment, options)
  const embedded = await run(pick(EMBEDDED), embeddedEnvironment, options)
  const restarts = options.fault.includes(RESTARTS) ? await reportRestarts() : true
  // The Cassandra driver keeps a timer for a server that went down, even after its shutdown.
  process.exit(clustered && embedded && restarts ? 0 : 1)
})
await runCommandLine(program)
