/**
 * Raises real servers without containers.
 *
 *     npm run rig -- install [PART…]                         gets what is missing: nats redis java cassandra k6 chromium caddy
 *     npm run rig -- up | down [--forget] | env              servers that stand, on fixed ports
 *     npm run rig -- run [--hubs N] [--dispatchers M] -- CMD  servers for one command; exits with its code
 *
 * CMD gets the settings of that cluster, CARILLON_SECRET included, so that `carillon` commands work in it;
 * HUB_URL names all hubs, with commas.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { clusterSettings, startCluster } from './carillon.ts'
import { down, standingSettings, up } from './standing.ts'
import { install, TOOLS, type Tool } from './tools.ts'
import { raiseWorld } from './world.ts'

const USAGE = `usage: rig install [${TOOLS.join('|')}…] | up | down [--forget] | env | run [--hubs N] [--dispatchers M] -- CMD…`

class UsageError extends Error {}

const say = (line: string) => process.stdout.write(`${line}\n`)
/** Progress, apart from what scripts read. */
const note = (line: string) => process.stderr.write(`${line}\n`)

const count = (value: string | undefined, flag: string) => {
  const number = Number(value ?? 0)
  if (!Number.isInteger(number) || number < 0) throw new UsageError(`--${flag} takes a whole number`)
  return number
}

const printEnv = () =>
  say(
    `export ${Object.entries(standingSettings())
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ')}`,
  )

const isTool = (name: string): name is Tool => TOOLS.some((tool) => tool === name)

const runInstall = (names: string[]) => {
  const unknown = names.find((name) => !isTool(name))
  if (unknown) throw new UsageError(`there is no part ${JSON.stringify(unknown)}`)
  install(names.length > 0 ? names.filter(isTool) : TOOLS, note)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals go to the command, whose end ends the rest. Resolves to its exit code, as a shell would give it. */
const runCommand = async (
  [command = '', ...args]: string[],
  settings: Record<string, string | undefined>,
) => {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...settings } })
  for (const name of SIGNALS) process.removeAllListeners(name).on(name, () => child.kill(name))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

const run = async (args: string[], command: string[]) => {
  const { values } = parseArgs({
    args,
    options: { hubs: { type: 'string' }, dispatchers: { type: 'string' } },
  })
  const hubs = count(values.hubs, 'hubs')
  const dispatchers = count(values.dispatchers, 'dispatchers')
  if (command.length === 0) throw new UsageError('run needs a command after --')
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
      })
    } finally {
      await cluster.stop()
    }
  } finally {
    await world.stop()
  }
}

const main = async ([verb, ...rest]: string[]): Promise<number> => {
  const split = rest.indexOf('--')
  const args = split < 0 ? rest : rest.slice(0, split)
  if (verb === 'run') return run(args, split < 0 ? [] : rest.slice(split + 1))
  if (verb === 'install') runInstall(args)
  else if (verb === 'up') {
    await up()
    printEnv()
  } else if (verb === 'down') await down({ forget: args.includes('--forget') })
  else if (verb === 'env') printEnv()
  else throw new UsageError(verb ? `there is no command ${JSON.stringify(verb)}` : 'a command is missing')
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  note(`rig: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof UsageError) note(USAGE)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
