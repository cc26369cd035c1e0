import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** How to run one server process, and how to know that it serves. */
export type Recipe = {
  name: string
  url: string
  port: number
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Whether it answers now; asked until it does. */
  ready(): Promise<boolean>
  readyWithinMs: number
  /** After this long on SIGTERM it is killed. */
  stopWithinMs: number
}

/** A running process. `restart` keeps port and data, and works after `stop` and `kill` too. */
export type Server = {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly pid: number
  /** The last lines it wrote to stdout and stderr, oldest first. */
  logs(): string[]
  /** SIGTERM, then SIGKILL when it takes too long. Resolves to its exit code; null when a signal ended it. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** SIGSTOP: it keeps its port and connections, and answers nothing. */
  pause(): void
  resume(): void
}

const LOG_LINES = 500
const ASK_EVERY_MS = 25
const SETPRIV = '/usr/bin/setpriv'

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/**
 * On Linux the kernel kills the child when this process dies, even by SIGKILL; so it can have a process group of
 * its own, and Ctrl-C reaches only this process, which ends things in order. Elsewhere the group does it.
 */
const spawnTied = ({ command, args, env, cwd }: Recipe) => {
  const tied = existsSync(SETPRIV)
  return spawn(tied ? SETPRIV : command, tied ? ['--pdeathsig', 'KILL', '--', command, ...args] : args, {
    ...{ env, cwd, detached: tied },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const untilReady = async ({ name, ready, readyWithinMs }: Recipe, child: ChildProcess, log: () => string) => {
  const deadline = performance.now() + readyWithinMs
  while (!(await ready())) {
    if (ended(child) || child.pid === undefined)
      throw new Error(`${name} ended with ${child.signalCode ?? child.exitCode} before it answered\n${log()}`)
    if (performance.now() > deadline)
      throw new Error(`${name} did not answer within ${readyWithinMs} ms\n${log()}`)
    await delay(ASK_EVERY_MS)
  }
}

/** Starts a process that lives no longer than this one, and resolves when it answers. */
export const start = async (recipe: Recipe): Promise<Server> => {
  const lines: string[] = []
  const keep = (line: string) => {
    if (lines.push(line) > LOG_LINES) lines.shift()
  }
  let child: ChildProcess

  const launch = async () => {
    if (await recipe.ready())
      throw new Error(`another server answers on port ${recipe.port} of ${recipe.name}`)
    const launched = spawnTied(recipe)
    child = launched
    living.add(launched)
    launched.once('exit', () => living.delete(launched))
    launched.once('error', (error) => keep(String(error)))
    for (const input of [launched.stdout, launched.stderr]) createInterface({ input }).on('line', keep)
    try {
      await untilReady(recipe, launched, () => lines.slice(-20).join('\n'))
    } catch (error) {
      launched.kill('SIGKILL')
      throw error
    }
  }

  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = child
    if (ended(ending)) return ending.exitCode
    const exit = once(ending, 'exit')
    ending.kill(signal)
    ending.kill('SIGCONT')
    const patience = setTimeout(() => ending.kill('SIGKILL'), recipe.stopWithinMs)
    await exit
    clearTimeout(patience)
    return ending.exitCode
  }

  await launch()
  return {
    name: recipe.name,
    url: recipe.url,
    port: recipe.port,
    get pid() {
      return child.pid ?? 0
    },
    logs: () => [...lines],
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
    restart: async () => {
      await end('SIGTERM')
      await launch()
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

/** Starts a process that outlives this one, its output in `logFile`. Resolves to its pid when it answers. */
export const startDetached = async (recipe: Recipe, logFile: string): Promise<number> => {
  const log = openSync(logFile, 'a', 0o600)
  const { command, args, env, cwd } = recipe
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', log, log], detached: true })
  child.once('error', () => {})
  await untilReady(recipe, child, () => `its output is in ${logFile}`)
  child.unref()
  return child.pid ?? 0
}

/** Connects, says `hello` if given, and resolves to whether the first bytes that come back are as expected. */
export const answers = (
  port: number,
  hello: string | Uint8Array | undefined,
  expected: (answer: Buffer) => boolean,
  host = '127.0.0.1',
): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host }, () => hello && socket.write(hello))
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => done(false))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    socket.once('data', (answer) => done(expected(answer)))
  })
