import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { withTimeLimit } from './time-limit.ts'

/** The methods of a child process. Arguments and results are plain data. */
export type Calls = Record<string, (argument: never) => unknown>

export type Child<Api extends Calls> = {
  readonly pid: number
  /** Calls a method. Rejects with the child's error, if the child exits, or if the call takes five minutes. */
  call<Name extends keyof Api & string>(
    name: Name,
    argument: Parameters<Api[Name]>[0],
  ): Promise<Awaited<ReturnType<Api[Name]>>>
  /** Subscribes to events of the child. */
  onNotice(listener: (notice: unknown) => void): void
  stop(): Promise<void>
}

const CALL_MS = 300_000
/** Between SIGTERM and SIGKILL. */
const STOP_MS = 10_000

type Request = { id: number; name: string; argument: unknown }
type Answer = { id: number; result?: unknown; error?: string } | { notice: unknown }

/** Starts a module that calls `serve`, with the Node options and environment of this process. */
export const startChild = async <Api extends Calls>(
  file: URL,
  nodeOptions: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Child<Api>> => {
  const name = fileURLToPath(file)
  const child = fork(name, {
    execArgv: [...process.execArgv, ...nodeOptions],
    env: { ...process.env, ...environment },
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let listener = (_: unknown) => {}
  let next = 0
  child.on('message', (answer: Answer) => {
    if ('notice' in answer) return listener(answer.notice)
    const caller = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error === undefined) caller?.resolve(answer.result)
    else caller?.reject(new Error(answer.error))
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} exited with ${signal ?? code}`))
    waiting.clear()
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`${name} exited with ${signal ?? code} at its start`)),
    )
  })
  return {
    pid: child.pid ?? 0,
    call: (method, argument) =>
      withTimeLimit(
        CALL_MS,
        `${method} in ${name}`,
        new Promise((resolve, reject) => {
          const id = next++
          waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
          child.send({ id, name: method, argument } satisfies Request, (error) => error && reject(error))
        }),
      ),
    onNotice: (given) => {
      listener = given
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill()
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await exit
      clearTimeout(late)
    },
  }
}

/** In the child: serves calls until the parent disconnects. */
export const serve = (calls: Calls): void => {
  process.on('message', async ({ id, name, argument }: Request) => {
    try {
      const call = calls[name] as ((argument: unknown) => unknown) | undefined
      tell({ id, result: await call?.(argument) })
    } catch (error) {
      tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  notice('ready')
}

/** In the child: emits an event. */
export const notice = (value: unknown): void => tell({ notice: value })

/** Ignored: if the parent is gone, this process exits as well. */
const tell = (answer: Answer) => {
  if (process.connected) process.send?.(answer, undefined, {}, () => {})
}
