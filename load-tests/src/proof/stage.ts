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
