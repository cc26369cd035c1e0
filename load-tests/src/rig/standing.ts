import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Recipe, startDetached } from './child.ts'
import { cassandraRecipe, cassandraUrl, natsRecipe, redisRecipe } from './servers.ts'

/** Ports of the standing servers, different from the default ports. Their data and pids are in `dir`. */
const PORTS = { nats: 24_222, redis: 26_379, cassandra: 29_042 } as const
type Name = keyof typeof PORTS

const dir = join(tmpdir(), `carillon-rig-${process.getuid?.() ?? 'user'}`)
const pidFile = (name: Name) => join(dir, `${name}.pid`)
const names = Object.keys(PORTS) as Name[]

/** Returns the pid of the pid file if that process is still the server, because pids are reused. */
const running = (name: Name): number | undefined => {
  if (!existsSync(pidFile(name))) return
  const pid = Number(readFileSync(pidFile(name), 'utf8'))
  try {
    process.kill(pid, 0)
  } catch {
    return
  }
  const commandLine = `/proc/${pid}/cmdline`
  if (!existsSync('/proc/self')) return pid
  const command = existsSync(commandLine) ? readFileSync(commandLine, 'utf8') : ''
  return command.includes(String(PORTS[name])) || command.includes(dir) ? pid : undefined
}

const recipes: Record<Name, (data: string) => Recipe | Promise<Recipe>> = {
  nats: (data) => natsRecipe(data, PORTS.nats),
  redis: () => redisRecipe(PORTS.redis),
  cassandra: (data) => cassandraRecipe(data, PORTS.cassandra),
}

const startStanding = async (name: Name) => {
  const recipe = await recipes[name](join(dir, name))
  if (await recipe.ready()) {
    if (running(name)) return
    throw new Error(`port ${recipe.port} is used by a server that the rig did not start`)
  }
  writeFileSync(pidFile(name), String(await startDetached(recipe, join(dir, `${name}.log`))), { mode: 0o600 })
}

/** Starts the servers that are not running, with their existing data. Resolves when all three are ready. */
export const up = async (): Promise<void> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const results = await Promise.allSettled(names.map(startStanding))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    await down()
    throw failed.reason
  }
}

/** Stops the servers and waits until they have exited. Their data is kept unless `forget` is set. */
export const down = async ({ forget = false } = {}): Promise<void> => {
  await Promise.all(
    names.map(async (name) => {
      const pid = running(name)
      if (pid) {
        process.kill(pid, 'SIGTERM')
        for (let waited = 0; running(name); waited += 50) {
          if (waited === 15_000) process.kill(pid, 'SIGKILL')
          await delay(50)
        }
      }
      rmSync(pidFile(name), { force: true })
    }),
  )
  if (forget) rmSync(dir, { recursive: true, force: true })
}

/** Returns the URL of the standing Cassandra; undefined if it is not running. */
export const standingCassandraUrl = (): string | undefined =>
  running('cassandra') === undefined ? undefined : standingSettings().CARILLON_CASSANDRA_URL

/** Returns the settings for the standing servers. */
export const standingSettings = () => ({
  CARILLON_NATS_URL: `nats://127.0.0.1:${PORTS.nats}`,
  CARILLON_REDIS_URL: `redis://127.0.0.1:${PORTS.redis}`,
  CARILLON_CASSANDRA_URL: cassandraUrl({ url: `cassandra://127.0.0.1:${PORTS.cassandra}` }),
})

/** Returns the processes behind these URLs, by name, as far as they are standing servers. */
export const standingProcesses = (urls: Record<Name, string>): Record<string, number> => {
  const own = Object.values(standingSettings())
  return Object.fromEntries(
    names.flatMap((name) => {
      const pid = own.includes(urls[name]) ? running(name) : undefined
      return pid === undefined ? [] : [[name, pid]]
    }),
  )
}
