import { type Context, cleaningUp, type Mode } from './bench.ts'
import { startClustered } from './cluster.ts'
import { type Setup, startEmbedded } from './embedded.ts'
import type { Measurement } from './measure.ts'
import type { Tenant } from './tenant.ts'

/** A running installation. `worker` is the process that sends, `metrics` its URL. */
export type Installation = {
  hub: string
  tenant: Tenant
  worker: number
  metrics: string
  processes: Record<string, number>
}

type Later = (undo: () => unknown) => void
type Raise = (setup: Setup) => Promise<Installation>

type Installed = Exclude<Mode, 'channel'>

const RAISE: Record<Installed, (context: Context, later: Later) => Raise> = {
  embedded: (_, later) => async (setup) => {
    const { server, tenant } = await startEmbedded(later, setup)
    const { pid, url } = server
    return { hub: url, metrics: url, tenant, worker: pid, processes: { carillon: pid } }
  },
  cluster: (context, later) => async (setup) => {
    const raised = await startClustered(await context.servers(), later, setup)
    const { hub, dispatcher, tenant, processes } = raised
    return { hub: hub.url, metrics: dispatcher.url, tenant, worker: dispatcher.pid, processes }
  },
}

/** Measures in one process, and with a hub and a dispatcher on real servers. */
export const inEachMode = async (
  context: Context,
  measure: (mode: Installed, raise: Raise, later: Later) => Promise<Measurement[]>,
): Promise<Measurement[]> => {
  const found: Measurement[] = []
  for (const mode of context.modes)
    if (mode !== 'channel')
      found.push(...(await cleaningUp((later) => measure(mode, RAISE[mode](context, later), later))))
  return found
}
