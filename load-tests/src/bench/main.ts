/**
 * Measures Carillon against the bare libraries and servers that it uses; `npm run bench -- --help` lists the options.
 *
 * Exits with 1 if an accepted notification was not delivered.
 * @module
 */
import { inspect } from 'node:util'
import { commandLine, runCommandLine } from '@carillon/cli/commands/command-line'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { standingProcesses } from '../rig/standing.ts'
import { raiseWorld } from '../rig/world.ts'
import { bell } from './bell.ts'
import { type Bench, MODES, type Mode, type Servers } from './bench.ts'
import { channels } from './channels.ts'
import { cluster } from './cluster.ts'
import { clusterSingle } from './cluster-single.ts'
import { day } from './day.ts'
import { decide } from './decide.ts'
import { digest } from './digest.ts'
import { embedded } from './embedded.ts'
import { fallbacks } from './fallbacks.ts'
import { fanout } from './fanout.ts'
import { idle } from './idle.ts'
import { inbox } from './inbox.ts'
import { latency } from './latency.ts'
import { clock, describeMachine } from './machine.ts'
import { LossError, type Measurement } from './measure.ts'
import { otp } from './otp.ts'
import { openRecord } from './record.ts'
import { asJson, asRow, cellsOf, HEADS } from './results.ts'
import { type Rival, readRival } from './rival.ts'
import { scaleOut } from './scale-out.ts'
import { broadcast, single } from './single.ts'
import { waiting } from './waiting.ts'
import { windows } from './windows.ts'

const BENCHES: Record<string, Bench> = {
  ...{ single, broadcast, latency, embedded, cluster },
  ...{ 'cluster-single': clusterSingle, 'scale-out': scaleOut, day },
  ...{ fanout, inbox, idle },
  decide,
  ...channels,
  ...{ fallbacks, otp },
  ...{ waiting, digest, windows },
  bell,
}

const note = (line: string) => process.stderr.write(`${line}\n`)
const say = (line: string) => process.stdout.write(`${line}\n`)

/** Returns the servers of the settings, or starts new ones when a bench first needs them. */
const serverProvider = () => {
  const {
    CARILLON_NATS_URL: nats,
    CARILLON_REDIS_URL: redis,
    CARILLON_CASSANDRA_URL: cassandra,
  } = process.env
  let world: ReturnType<typeof raiseWorld> | undefined
  const servers = async (): Promise<Servers> => {
    if (nats && redis && cassandra)
      return { urls: { nats, redis, cassandra }, processes: standingProcesses({ nats, redis, cassandra }) }
    if (!world) note('starting NATS, Redis and Cassandra')
    world ??= raiseWorld()
    const raised = await world
    const { urls } = raised
    return {
      urls,
      get processes() {
        return { nats: raised.nats.pid, redis: raised.redis.pid, cassandra: raised.cassandra.pid }
      },
      restartNats: raised.nats.restart,
    }
  }
  return { servers, stop: async () => (await world)?.stop() }
}

type Options = {
  quick?: true
  json?: true
  record?: string
  vs?: Rival[]
  only?: string
  mode?: Mode
}

/** What `--quick` measures unless a bench or a mode is named: what people feel, in one process. */
const QUICK = ['single', 'broadcast', 'latency', 'embedded', 'fanout', 'inbox']

const isBrief = ({ quick, only, mode }: Options) => quick && only === undefined && mode === undefined

/** Returns the benches to run, each with its mode, in order. */
const chosen = (options: Options): (readonly [string, Mode])[] => {
  if (isBrief(options)) return QUICK.map((name) => [name, 'embedded'])
  const { only, mode } = options
  const names = only === undefined ? Object.keys(BENCHES) : [only]
  return names.flatMap((name) => (mode === undefined ? MODES : [mode]).map((each) => [name, each] as const))
}

/** Returns a function that prints results and records them. */
const printer = ({ json, record }: Options, machine: string) => {
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const keep = record === undefined ? undefined : openRecord(record, { at: new Date(), machine, command })
  if (!json) say(`\n${asRow(HEADS)}`)
  return (results: readonly Measurement[]) => {
    for (const each of results) say(json ? asJson(each) : asRow(cellsOf(each)))
    keep?.(results)
  }
}

const run = async (options: Options) => {
  const { quick = false, json = false, vs = [] } = options
  const start = clock()
  const machine = describeMachine()
  const tell = json ? note : say
  tell(machine.line)
  const provider = serverProvider()
  const print = printer(options, machine.line)
  try {
    for (const [name, mode] of chosen(options))
      await BENCHES[name]?.({ quick, modes: [mode], note, print, rivals: vs, servers: provider.servers })
  } finally {
    await provider.stop()
    const seconds = Math.round((clock() - start) / 1_000)
    tell(`\n${machine.steal()}; ${seconds} s${quick ? '; quick: short rounds and small audiences' : ''}`)
    if (isBrief(options)) tell(`Only ${QUICK.join(', ')} in one process; run the rest with --only or --mode.`)
  }
}

const addRival = (file: string, rivals: Rival[] = []) => {
  try {
    return [...rivals, readRival(file)]
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

const program = commandLine('bench')
  .usage('[options]   (npm run bench -- --quick)')
  .description(
    'Measures Carillon against the bare libraries and servers that it uses, and prints each result at once.',
  )
  .option('--quick', 'Use short rounds and small audiences, in one process only: less than two minutes')
  .option('--json', 'Print one JSON object per line to stdout, everything else to stderr')
  .option(
    '--vs <file>',
    'Measure another system, described by a JSON file, in single, broadcast and latency; may be repeated',
    addRival,
  )
  .option('--record <file>', 'Write the results and the machine as a table to a Markdown file')
  .addOption(new Option('--only <bench>', 'Run one bench').choices(Object.keys(BENCHES)))
  .addOption(new Option('--mode <mode>', 'Run in one mode').choices(MODES))
  .action(run)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
try {
  await runCommandLine(program)
} catch (error) {
  note(`bench: ${error instanceof LossError ? error.message : inspect(error)}`)
  process.exitCode = 1
}
