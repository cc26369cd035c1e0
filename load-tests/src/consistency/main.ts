/**
 * The end-to-end consistency tests at full size: real servers, a seeded workload, a fault in the middle, and everything
 * there is compared with what was promised. Exits with 1 if a promise is broken. `npm run consistency -- --help` lists the
 * options.
 * @module
 */
import { commandLine, runCommandLine, wholeNumber } from '@carillon/cli/commands/command-line'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { clusterStage } from './cluster.ts'
import { embeddedStage } from './embedded.ts'
import { FAILINGS } from './ledger.ts'
import { restartsOfCluster } from './restarts.ts'
import { type Proof, prove } from './run.ts'
import type { Stage } from './stage.ts'

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
  throw new InvalidArgumentError(`There is no fault ${unknown}.`)
}

const size = <Flags extends string>(flags: Flags, description: string, otherwise: number) =>
  new Option(flags, description).argParser(wholeNumber(1)).default(otherwise)

const program = commandLine('consistency')
  .usage('[options]   (npm run consistency -- --fault embedded)')
  .description(
    'Publishes a seeded workload, makes a fault in the middle, and compares everything with what was promised.',
  )
  .addOption(size('--notifications <number>', 'How many to publish', 50_000))
  .addOption(size('--users <number>', 'To how many users', 1_000))
  .addOption(size('--members <number>', 'Members of the topic', 100_000))
  .addOption(size('--rate <number>', 'Notifications a second', 4_000))
  .addOption(size('--seed <number>', 'Of the workload', 1))
  .addOption(
    new Option(
      '--fault <list>',
      `all, or with commas: ${CLUSTER.join(' ')} on a cluster; embedded process with carillon dev, without a fault and killed; ${RESTARTS}: the hubs of a cluster ten times in turn, under load, behind the shipped proxy`,
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
  ...FAILINGS.map((failing) => [failing, failing.length + 2] as const),
  ['letters', 9],
  ['no answer', 11],
  ['live missed', 13],
  ['twice', 7],
  ['publish s', 11],
  ['work s', 8],
  ['agree s', 9],
  ['API meanwhile', 0],
] as const

const line = (cells: readonly unknown[]) =>
  say(cells.map((cell, index) => String(cell).padEnd(COLUMNS[index]?.[1] ?? 0)).join(''))

const report = (fault: string, proof: Proof) => {
  const { failings, took } = proof
  line([
    ...[
      fault,
      proof.ok ? 'held' : 'BROKEN',
      proof.rows,
      ...FAILINGS.map((failing) => failings[failing].count),
    ],
    ...[proof.letters, proof.unknown, proof.liveMissed, proof.liveRepeated],
    ...[took.publishing, took.working, took.agreeing],
    Object.entries(proof.duringFault)
      .map(([status, times]) => `${status}×${times}`)
      .join(' '),
  ])
  for (const failing of FAILINGS)
    for (const example of failings[failing].examples) say(`  ${failing}: ${example}`)
}

const run = async (
  faults: string[],
  raise: () => Promise<Stage>,
  { logs, fault: _, ...sizes }: Options,
): Promise<boolean> => {
  if (faults.length === 0) return true
  const stage = await raise()
  let held = true
  try {
    for (const fault of faults) {
      const proof = await prove(stage, {
        fault: fault === 'embedded' ? 'none' : fault,
        ...sizes,
        note: (line) => process.stderr.write(`  … ${fault}: ${line}\n`),
      })
      report(fault, proof)
      held &&= proof.ok
    }
  } finally {
    if (logs) for (const line of stage.logs()) process.stderr.write(`${line}\n`)
    await stage.close()
  }
  return held
}

const runRestarts = async (): Promise<boolean> => {
  const { restarts, requests, reconnections, seconds, failed, unclean, misplaced } = await restartsOfCluster({
    restarts: RESTART_COUNT,
    note: (line) => process.stderr.write(`  … ${RESTARTS}: ${line}\n`),
  })
  const failures = [
    ...Object.entries(failed).map(([what, times]) => `failed ${times} times: ${what}`),
    ...unclean,
    ...misplaced.map((item) => `lost or doubled: ${item}`),
  ]
  const held = failures.length === 0
  say(
    `${RESTARTS}  ${held ? 'held' : 'BROKEN'}  ${restarts} restarts in ${seconds} s, ${requests} requests, ${reconnections} reconnections`,
  )
  for (const failure of failures) say(`  ${failure}`)
  return held
}

program.action(async (options) => {
  const pick = (some: string[]) => options.fault.filter((fault) => some.includes(fault))
  const { notifications, users, members, seed } = options
  if (pick([...CLUSTER, ...EMBEDDED]).length > 0) {
    say(`${notifications} notifications to ${users} users, a topic of ${members}, seed ${seed}`)
    line(COLUMNS.map(([name]) => name))
  }
  const clustered = await run(pick(CLUSTER), clusterStage, options)
  const embedded = await run(pick(EMBEDDED), embeddedStage, options)
  const restarts = options.fault.includes(RESTARTS) ? await runRestarts() : true
  // A Cassandra that went down under its driver leaves it with a timer for it, also once it is shut down.
  process.exit(clustered && embedded && restarts ? 0 : 1)
})
await runCommandLine(program)
