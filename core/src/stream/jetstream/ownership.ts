import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream'
import { SetupError } from '../../errors.ts'
import { LAYOUT, requireLayout } from '../../installation/layout.ts'
import type { Names } from './names.ts'

const OWNER = 'carillon-namespace'
const LAYOUT_FIELD = 'carillon-layout'

/** Metadata that marks a stream or bucket as an installation's. */
export const ownership = (namespace: string): Record<string, string> => ({
  [OWNER]: namespace,
  [LAYOUT_FIELD]: String(LAYOUT),
})

const requireOwn = ({ config }: StreamInfo, { namespace }: Names): void => {
  const { name, subjects = [], metadata = {} } = config
  const what = `the NATS stream ${name} (${subjects.slice(0, 3).join(', ')})`
  const owner = metadata[OWNER]
  if (owner !== undefined && owner !== namespace)
    throw new SetupError(
      `${what} belongs to the installation ${owner}, and this one is ${namespace}: give each installation a NATS account of its own. If both are the same installation, with new data, delete the streams whose names end in _${owner}`,
    )
  const layout = metadata[LAYOUT_FIELD]
  requireLayout(
    what,
    layout === undefined ? undefined : Number(layout),
    'Delete it and the other streams of that version (nats stream rm), or use another NATS account',
  )
}

/**
 * Throws SetupError if a stream of another installation, layout or program holds one of Carillon's subjects. In JetStream
 * a subject belongs to one stream per account. Read-only.
 */
export const requireOwnStreams = async (manager: JetStreamManager, names: Names): Promise<void> => {
  const scoped = ['work.>', 'schedule.>', ...names.own.map((tenant) => `notify.${tenant}.>`)].map(
    names.scoped,
  )
  const subjects = ['notify.>', 'dead.>', 'event.>', ...scoped]
  const holders = async (subject: string) => {
    const found: string[] = []
    for await (const name of manager.streams.names(subject)) found.push(name)
    return found
  }
  const found = (await Promise.all(subjects.map(holders))).flat()
  for (const name of new Set(found)) requireOwn(await manager.streams.info(name), names)
}

const OVERLAP = 10065

/** Reports whether JetStream rejected a stream because its subjects overlap with another stream's. */
export const isOverlap = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === OVERLAP
