import type { AddedTenant } from '../consistency/tenants.ts'
import type { Settings } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

/** The public URL in the hubs' settings. The stand-ins send callbacks for it to a hub directly. */
export const PUBLIC_URL = 'https://bell.example.test'

/** The settings of every process. Stand-ins run on this machine, so all targets are allowed. */
export const SETTINGS: Settings = {
  CARILLON_UNKNOWN_TYPES: 'accept',
  CARILLON_PUBLIC_URL: PUBLIC_URL,
  CARILLON_ALLOWED_TARGETS: '*',
  CARILLON_DRAIN_SECONDS: '4',
}

/** An installation of Carillon. */
export type Environment = {
  hubs: readonly Server[]
  /** The processes that send: the dispatchers, or the only process. */
  workers(): readonly Server[]
  /** Kills all workers with SIGKILL. */
  killWorkers(): Promise<void>
  /** Starts new dispatchers, or restarts the only process. */
  replaceWorkers(): Promise<void>
  /** Returns a tenant that no other scenario uses. */
  tenant(): Promise<AddedTenant>
  /** Returns where a text is stored verbatim: in files of the event log, in Redis keys or in tables. */
  findText(text: string): Promise<string[]>
  /** The log lines of all processes. */
  logs(): string[]
  close(): Promise<void>
}

/** Sums the series of a metric that have all these labels, over all workers. */
export const metric = async (
  environment: Environment,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> => {
  const texts = await Promise.all(
    environment.workers().map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  )
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(name) && wanted.every((each) => line.includes(each)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
