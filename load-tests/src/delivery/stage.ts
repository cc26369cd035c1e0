import type { AddedTenant } from '../consistency/tenants.ts'
import type { Settings } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

/** Where hubs are reached from outside, as they are told. What providers report there is brought to a hub by the test. */
export const PUBLIC_URL = 'https://bell.example.test'

/** The settings that outreach needs of every process: stand-ins are on this machine. */
export const SETTINGS: Settings = {
  CARILLON_UNKNOWN_TYPES: 'accept',
  CARILLON_PUBLIC_URL: PUBLIC_URL,
  CARILLON_ALLOWED_TARGETS: '*',
  CARILLON_DRAIN_SECONDS: '4',
}

/** One installation of Carillon. */
export type Stage = {
  hubs: readonly Server[]
  /** Those that send: dispatchers, or where there is only one process, that. */
  senders(): readonly Server[]
  /** Kills (-9) everything that sends. */
  killSenders(): Promise<void>
  /** Others take over: new dispatchers, or the one process started again. */
  takeOver(): Promise<void>
  /** A tenant that nobody else has. */
  tenant(): Promise<AddedTenant>
  /** Where a text is found, letter by letter, of all that is kept: the event log's files, Redis, the tables of the store. */
  places(text: string): Promise<string[]>
  /** What the processes have written to their logs. */
  logs(): string[]
  close(): Promise<void>
}

/** The sum of a metric's series whose labels hold all of `labels`, over the processes that send. */
export const metric = async (
  stage: Stage,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> => {
  const texts = await Promise.all(
    stage.senders().map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  )
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(name) && wanted.every((each) => line.includes(each)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
