import { createConnection } from 'node:net'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Server } from '../rig/child.ts'

/** What is kept, seen past the servers. `owners`: everyone who has a row in an inbox, asked of the database itself. */
export type Kept = { store: Store; stream: Stream; owners(tenant: string): Promise<Set<string>> }

/** Something that goes wrong and is put right. `apiStands`: whether senders over HTTP must not notice. */
export type Fault = { apiStands: boolean; strike(): Promise<unknown>; heal(): Promise<unknown> }

/** One installation of Carillon. `kept` may be used while it does not run, or at any time in a cluster. */
export type Stage = {
  hubs: readonly string[]
  natsUrl?: string
  /** Starts what was not running. */
  begin(): Promise<void>
  /** Stops it, where `kept` needs that. */
  rest(): Promise<void>
  kept<T>(use: (kept: Kept) => Promise<T>): Promise<T>
  /** Messages that are not finished. Rejects while nobody knows. */
  backlog(): Promise<number>
  faults: ReadonlyMap<string, Fault>
  /** The last words of every process, for a report. */
  logs(): string[]
  close(): Promise<void>
}

export const none: Fault = { apiStands: true, strike: async () => {}, heal: async () => {} }

export const kill9 = (apiStands: boolean, ...servers: Server[]): Fault => ({
  apiStands,
  strike: () => Promise.all(servers.map((server) => server.kill())),
  heal: () => Promise.all(servers.map((server) => server.restart())),
})

const CUT_EVERY_MS = 20

/**
 * Cuts every connection to Redis that gives commands, again and again, and leaves alone those that listen: so
 * dispatchers lose live messages while no hub has a reason to think that any are missing.
 */
export const cutCommands = (port: number): Fault => {
  let cutting: NodeJS.Timeout | undefined
  const cut = () => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    // One of the connections that are cut may be this one.
    socket.on('error', () => {})
    socket.end('CLIENT KILL TYPE normal\r\n')
  }
  return {
    apiStands: true,
    strike: async () => {
      cutting = setInterval(cut, CUT_EVERY_MS)
    },
    heal: async () => clearInterval(cutting),
  }
}
