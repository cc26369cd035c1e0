import { type Context, cleaningUp, type Mode } from './bench.ts'
import { startClustered } from './cluster.ts'
import { type Setup, startEmbedded } from './embedded.ts'
import { clusterLog, type EventLog, embeddedLog } from './event-log.ts'
import type { Tenant } from './tenant.ts'

/**
 * A running installation. `worker` is the process that sends, `metrics` its URL. Processes have other ids after a restart.
 */
export type Installation = {
  hub: string
  tenant: Tenant
  readonly worker: number
  metrics: string
  readonly processes: Record<string, number>
  log: EventLog
}

type Later = (undo: () => unknown) => void
type Raise = (setup: Setup) => Promise<Installation>

type Installed = Exclude<Mode, 'channel'>

const RAISE: Record<Installed, (context: Context, later: Later) => Raise> = {
  embedded: (_, later) => async (setup) => {
    const { server, tenant, dir } = await startEmbedded(later, setup)
    const { url } = server
    return {
      ...{ hub: url, metrics: url, tenant, log: embeddedLog(server, dir) },
      get worker() {
        return server.pid
      },
      get processes() {
        return { carillon: server.pid }
      },
    }
  },
  cluster: (context, later) => async (setup) => {
    const servers = await context.servers()
    const { hub, dispatcher, tenant, carillon } = await startClustered(servers, later, setup)
    return {
      ...{ hub: hub.url, metrics: dispatcher.url, tenant, log: clusterLog(carillon, servers) },
      get worker() {
        return dispatcher.pid
      },
      get processes() {
        return { hub: hub.pid, dispatcher: dispatcher.pid, ...servers.processes }
      },
    }
  },
}

/** Measures in one process, and with a hub and a dispatcher on real servers. */
export const inEachMode = async (
  context: Context,
  measure: (mode: Installed, raise: Raise, later: Later) => Promise<void>,
): Promise<void> => {
  for (const mode of context.modes)
    if (mode !== 'channel') await cleaningUp((later) => measure(mode, RAISE[mode](context, later), later))
}
