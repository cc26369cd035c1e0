import { createConnection } from 'node:net'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Server } from '../rig/child.ts'

/** Direct access to what is stored. `usersWithItems` reads every user with a row in an inbox from the database. */
export type Internals = { store: Store; stream: Stream; usersWithItems(tenant: string): Promise<Set<string>> }

/** A fault to inject and to heal. `apiAvailable`: HTTP requests must succeed during the fault. */
export type Fault = { apiAvailable: boolean; inject(): Promise<unknown>; heal(): Promise<unknown> }

/** An installation of Carillon. `inspect` may be called after `pause`, in a cluster at any time. */
export type Environment = {
  hubs: readonly string[]
  natsUrl?: string
  /** Starts the processes that `pause` stopped. */
  start(): Promise<void>
  /** Stops the processes where `inspect` requires it. */
  pause(): Promise<void>
  /** Waits until every message that no queue reads is a dead letter. */
  swept(): Promise<void>
  inspect<T>(use: (internals: Internals) => Promise<T>): Promise<T>
  /** Returns the number of unfinished messages. Rejects while it is unknown. */
  backlog(): Promise<number>
  faults: ReadonlyMap<string, Fault>
  /** The last log lines of every process. */
  logs(): string[]
  close(): Promise<void>
}

export const noFault: Fault = { apiAvailable: true, inject: async () => {}, heal: async () => {} }

export const killFault = (apiAvailable: boolean, ...servers: Server[]): Fault => ({
  apiAvailable,
  inject: () => Promise.all(servers.map((server) => server.kill())),
  heal: () => Promise.all(servers.map((server) => server.restart())),
})

const CUT_INTERVAL_MS = 20

/**
 * Repeatedly closes all command connections of Redis, but no subscriptions. Dispatchers then lose live messages while no
 * hub can notice that any are missing.
 */
export const cutCommandsFault = (port: number): Fault => {
  let timer: NodeJS.Timeout | undefined
  const cut = () => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    // The command also closes this connection.
    socket.on('error', () => {})
    socket.end('CLIENT KILL TYPE normal\r\n')
  }
  return {
    apiAvailable: true,
    inject: async () => {
      timer = setInterval(cut, CUT_INTERVAL_MS)
    },
    heal: async () => clearInterval(timer),
  }
}
