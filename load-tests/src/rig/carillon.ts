import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@carillon/core/testing/ports'
import { type Server, start } from './child.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const YOUNG_GENERATION = '--max-semi-space-size=32'

/** The arguments of Node that run Carillon: from its sources, as `npm start` does, or built, as the image does. */
export const PROGRAMS = {
  sources: [YOUNG_GENERATION, '--conditions=source', '--import', 'tsx', join(ROOT, 'cli/src/main.ts')],
  build: [YOUNG_GENERATION, join(ROOT, 'cli/dist/main.js')],
} as const
type Program = keyof typeof PROGRAMS

/** The end-to-end tests and the benches set RIG_PROGRAM to `build`, which starts in half the time and is what the image runs. */
export const PROGRAM: Program = process.env.RIG_PROGRAM === 'build' ? 'build' : 'sources'

/** The settings of a process. CARILLON_* variables of the caller's environment are not inherited. */
export type Settings = Record<`CARILLON_${string}`, string | undefined>

const environment = (settings: Settings): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CARILLON_|VITEST|NODE_OPTIONS)/.test(name)),
  ),
  CARILLON_HOST: '127.0.0.1',
  // No proxy has to notice the drain here.
  CARILLON_DRAIN_DELAY_SECONDS: '0',
  ...settings,
})

const flagValue = (args: string[], flag: string) => {
  const at = args.indexOf(flag)
  return at < 0 ? undefined : args[at + 1]
}

const isReady = async (url: string) => {
  try {
    const { ok } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    return ok
  } catch {
    return false
  }
}

/**
 * Starts `carillon hub|dispatcher|dev …` and resolves when /readyz responds with 200. Adds `--port` if `args` has none. After
 * SIGTERM the process is killed once the drain delay, `CARILLON_DRAIN_SECONDS` and five more seconds have passed. `under` is a
 * command that runs the process in its own place, such as `strace -D`.
 */
export const startCarillon = async (
  args: string[],
  settings: Settings,
  { program = PROGRAM, under = [] }: { program?: Program; under?: readonly string[] } = {},
): Promise<Server> => {
  const port = Number(flagValue(args, '--port') ?? (await freePort()))
  const url = `http://127.0.0.1:${port}`
  const [command = '', ...before] = [...under, process.execPath, ...PROGRAMS[program]]
  return start({
    name: `carillon ${args[0]}`,
    url,
    port,
    command,
    args: [...before, ...args, ...(args.includes('--port') ? [] : ['--port', String(port)])],
    env: environment(settings),
    cwd: ROOT,
    ready: () => isReady(url),
    readyWithinMs: 60_000,
    stopWithinMs:
      (Number(settings.CARILLON_DRAIN_DELAY_SECONDS ?? 0) +
        Number(settings.CARILLON_DRAIN_SECONDS ?? 20) +
        5) *
      1_000,
  })
}

/** Runs a command such as `carillon migrate`. Rejects with its output unless it exits with 0. */
export const runCarillon = (
  args: string[],
  settings: Settings,
): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [...PROGRAMS[PROGRAM], ...args], {
    cwd: ROOT,
    env: environment(settings),
  })

export type Urls = { nats: string; redis: string; cassandra: string }

export type Cluster = {
  hubs: Server[]
  dispatchers: Server[]
  /** The settings of every process, for starting more processes or running commands. */
  settings: Settings
  /** Stops all processes at once. */
  stop(): Promise<void>
}

/** The same for every cluster on a keyspace, which can only be used with the secret that it was written with. */
const secretOf = (cassandra: string) => hash('sha256', cassandra)

/** Returns the settings for external servers. */
export const clusterSettings = (urls: Urls, secret = secretOf(urls.cassandra)): Settings => ({
  CARILLON_SECRET: secret,
  CARILLON_NATS_URL: urls.nats,
  CARILLON_REDIS_URL: urls.redis,
  CARILLON_CASSANDRA_URL: urls.cassandra,
})

type ClusterOptions = { hubs: number; dispatchers: number; urls: Urls; secret?: string; settings?: Settings }

/** Migrates the store, then starts hubs and dispatchers concurrently. */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { hubs, dispatchers } = options
  const settings = { ...clusterSettings(options.urls, options.secret), ...options.settings }
  await runCarillon(['migrate'], settings)
  const kinds = [...Array(hubs).fill('hub'), ...Array(dispatchers).fill('dispatcher')]
  const started = await Promise.allSettled(kinds.map((kind: string) => startCarillon([kind], settings)))
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())))
  const failed = started.find((each) => each.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { hubs: servers.slice(0, hubs), dispatchers: servers.slice(hubs), settings, stop }
}
