import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** How to start a server process and how to check its readiness. */
export type Recipe = {
  name: string
  url: string
  port: number
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Returns whether the server responds; polled until it does. */
  ready(): Promise<boolean>
  readyWithinMs: number
  /** The time between SIGTERM and SIGKILL. */
  stopWithinMs: number
}

/** A running process. `restart` keeps port and data, and also works after `stop` or `kill`. */
export type Server = {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly pid: number
  /** The last lines of stdout and stderr, oldest first. */
  logs(): string[]
  /** Sends SIGTERM, then SIGKILL after `stopWithinMs`. Returns the exit code; null if a signal ended the process. */
  stop(): Promise<number | null>
  /** Sends SIGKILL. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Sends SIGSTOP: the process keeps its port and connections but does not respond. */
  pause(): void
  resume(): void
}

const LOG_LINES = 500
const POLL_MS = 25
const SETPRIV = '/usr/bin/setpriv'

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/**
 * Spawns a process that cannot outlive this one. On Linux the kernel kills it, even after a SIGKILL of this process, so it has
 * its own process group and Ctrl-C reaches only this process, which shuts down in order. Elsewhere it shares the group.
 */
const spawnTied = ({ command, args, env, cwd }: Recipe) => {
  const tied = existsSync(SETPRIV)
  return spawn(tied ? SETPRIV : command, tied ? ['--pdeathsig', 'KILL', '--', command, ...args] : args, {
    ...{ env, cwd, detached: tied },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const hasExited = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const untilReady = async ({ name, ready, readyWithinMs }: Recipe, child: ChildProcess, log: () => string) => {
  const deadline = performance.now() + readyWithinMs
  while (!(await ready())) {
    if (hasExited(child) || child.pid === undefined)
      throw new Error(
        `${name} exited with ${child.signalCode ?? child.exitCode} before it was ready\n${log()}`,
      )
    if (performance.now() > deadline)
      throw new Error(`${name} was not ready within ${readyWithinMs} ms\n${log()}`)
    await delay(POLL_MS)
  }
}

/** Starts a process that cannot outlive this one, and resolves when it is ready. */
export const start = async (recipe: Recipe): Promise<Server> => {
  const lines: string[] = []
  const keep = (line: string) => {
    if (lines.push(line) > LOG_LINES) lines.shift()
  }
  let child: ChildProcess
  /** The process that this rig has stopped. */
  let told: ChildProcess | undefined

  /** A test that loses a server fails far from the cause, so the cause is printed. */
  const reportLoss = (lost: ChildProcess) => {
    if (lost === told) return
    const how = lost.signalCode ?? lost.exitCode
    process.stderr.write(
      `${recipe.name} (${recipe.url}) ended unexpectedly with ${how}\n${lines.slice(-20).join('\n')}\n`,
    )
  }

  const launch = async () => {
    if (await recipe.ready())
      throw new Error(`port ${recipe.port} of ${recipe.name} is used by another server`)
    const launched = spawnTied(recipe)
    child = launched
    living.add(launched)
    launched.once('exit', () => {
      living.delete(launched)
      // Once stderr is closed, its last lines have been read.
      launched.stderr?.once('close', () => reportLoss(launched))
    })
    launched.once('error', (error) => keep(String(error)))
    for (const input of [launched.stdout, launched.stderr]) createInterface({ input }).on('line', keep)
    try {
      await untilReady(recipe, launched, () => lines.slice(-20).join('\n'))
    } catch (error) {
      told = launched
      launched.kill('SIGKILL')
      throw error
    }
  }

  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = child
    told = ending
    if (hasExited(ending)) return ending.exitCode
    const exit = once(ending, 'exit')
    ending.kill(signal)
    ending.kill('SIGCONT')
    const timer = setTimeout(() => ending.kill('SIGKILL'), recipe.stopWithinMs)
    await exit
    clearTimeout(timer)
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

/** Starts a process that outlives this one, with its output in `logFile`. Returns its pid when it is ready. */
export const startDetached = async (recipe: Recipe, logFile: string): Promise<number> => {
  const log = openSync(logFile, 'a', 0o600)
  const { command, args, env, cwd } = recipe
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', log, log], detached: true })
  child.once('error', () => {})
  await untilReady(recipe, child, () => `its output is in ${logFile}`)
  child.unref()
  return child.pid ?? 0
}

/** Connects, sends `hello` if given, and returns whether the first bytes of the response are as expected. */
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
