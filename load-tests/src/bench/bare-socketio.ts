import type { HttpSocketIo } from './baselines/http-socketio.ts'
import type { BareSocketIo } from './baselines/socketio.ts'
import { startChild } from './child.ts'
import type { Target } from './load.ts'
import { userOf } from './payload.ts'

export type Bare = Target & {
  url: string
  pid: number
  auths(count: number): object[]
  stop(): Promise<void>
}

/** Starts a bare Socket.IO server in its own process. The nth of `auths` authenticates the nth of `users`. */
export const startBareSocketIo = async (
  users: number,
  nodeOptions: readonly string[] = [],
): Promise<Bare> => {
  const child = await startChild<BareSocketIo>(
    new URL('./baselines/socketio.ts', import.meta.url),
    nodeOptions,
  )
  const port = await child.call('listen', undefined)
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    auths: (count) => Array.from({ length: count }, (_, user) => ({ user })),
    send: (batch) => child.call('emit', { ...batch, users }),
    processes: { bare: child.pid },
    stop: () => child.stop(),
  }
}

/** Starts bare Socket.IO behind HTTP. Every connection is in the room of its user and in that of `topic`. */
export const startHttpSocketIo = async (topic: string) => {
  const child = await startChild<HttpSocketIo>(new URL('./baselines/http-socketio.ts', import.meta.url))
  const port = await child.call('listen', undefined)
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    auths: (count: number): object[] => Array.from({ length: count }, (_, n) => ({ user: userOf(n), topic })),
    stop: () => child.stop(),
  }
}
