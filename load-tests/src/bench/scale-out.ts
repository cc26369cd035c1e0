import { type Settings, startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { type Bench, type Context, cleaningUp, noteDuplicates } from './bench.ts'
import { startClustered } from './cluster.ts'
import { createSentCounts, type Round, requestLoop, type Target } from './load.ts'
import { type Measurement, measurement, median } from './measure.ts'
import { startReceivers } from './receivers.ts'
import { overRequests, publishing } from './requests.ts'
import { checkInboxes, type Tenant } from './tenant.ts'

/** The number of connected users, in equal parts on all hubs. */
const USERS = 500
/** Concurrent requests to each hub. */
const IN_FLIGHT = 64
const WINDOW = 2_000
/** Numbers of hubs, and of as many dispatchers. */
const SIZES = [1, 2, 4] as const

type Later = (undo: () => unknown) => void
type Cluster = { hubs: Server[]; dispatchers: Server[]; settings: Settings }

/** Starts hubs and dispatchers until there are `size` of each. */
const grow = async ({ hubs, dispatchers, settings }: Cluster, size: number, later: Later) => {
  const more = async (servers: Server[], kind: 'hub' | 'dispatcher') => {
    while (servers.length < size) {
      const server = await startCarillon([kind], settings)
      later(() => server.stop())
      servers.push(server)
    }
  }
  await Promise.all([more(hubs, 'hub'), more(dispatchers, 'dispatcher')])
}

/** The processes of one kind, with distinct names. */
const named = (kind: string, servers: readonly Server[]) =>
  Object.fromEntries(servers.map(({ pid }, index) => [`${kind} ${index}`, pid]))

/** Publishes to all hubs in turn. */
const overAll = async (hubs: readonly Server[], tenant: Tenant, later: Later): Promise<Target['send']> => {
  const requestFor = publishing({ users: USERS }, tenant.apiKey)
  const targets = await Promise.all(
    hubs.map(({ url }) => overRequests(later, { url, processes: {}, inFlight: IN_FLIGHT, requestFor })),
  )
  return (batch) => targets[batch.from % targets.length]?.send(batch) ?? Promise.resolve()
}

/** The processor time of all processes of one kind, µs per received notification. */
const cpuOf = (rounds: readonly Round[], kind: string) =>
  rounds.map(({ cpu }) =>
    Object.entries(cpu).reduce((sum, [name, each]) => (name.startsWith(kind) ? sum + each : sum), 0),
  )

const KINDS = ['hub', 'dispatcher', 'nats', 'redis', 'cassandra'] as const

/** Returns the processor time per notification of hubs, dispatchers and servers, each compared with the smallest cluster. */
const results = (size: number, rounds: readonly Round[], first: readonly Round[]): Measurement[] => {
  const name = `scale-out.${size}+${size}`
  const carillon = (some: readonly Round[]) => {
    const dispatchers = cpuOf(some, 'dispatcher')
    return cpuOf(some, 'hub').map((hub, index) => hub + (dispatchers[index] ?? Number.NaN))
  }
  const efficiency = median(carillon(first)) / median(carillon(rounds))
  const [{ cpu = {} } = {}] = rounds
  const kinds = KINDS.filter((kind) => Object.keys(cpu).some((each) => each.startsWith(kind)))
  return [
    measurement(`${name}.cpu`, 'µs/notification', carillon(rounds), carillon(first)),
    measurement(`${name}.efficiency`, 'of 1 + 1', [efficiency], [], size === 2 ? '≥ 0.9' : undefined),
    ...kinds.map((kind) =>
      measurement(`${name}.cpu.${kind}`, 'µs/notification', cpuOf(rounds, kind), cpuOf(first, kind)),
    ),
  ]
}

const measure = async ({ quick, note, print, servers: raise }: Context, later: Later): Promise<void> => {
  const servers = await raise()
  const { carillon, tenant } = await startClustered(servers, later)
  const cluster: Cluster = {
    hubs: [...carillon.hubs],
    dispatchers: [...carillon.dispatchers],
    settings: carillon.settings,
  }
  const { sent, counted } = createSentCounts()
  const auths = await tenant.auths(USERS)
  let first: Round[] | undefined
  let run = 0
  for (const size of SIZES) {
    await grow(cluster, size, later)
    const { hubs, dispatchers } = cluster
    const found = await cleaningUp(async (end) => {
      const receivers = await startReceivers([], run)
      end(receivers.stop)
      const share = USERS / size
      for (const [index, { url }] of hubs.entries())
        await receivers.connect(url, auths.slice(index * share, (index + 1) * share), index * share)
      const target: Target = {
        send: await overAll(hubs, tenant, end),
        processes: { ...named('hub', hubs), ...named('dispatcher', dispatchers), ...servers.processes },
      }
      const options = { connections: USERS, inFlight: IN_FLIGHT * size, window: WINDOW }
      const turn = (seconds: number) => counted(requestLoop(target, receivers, { ...options, seconds }))
      note(`scale-out: warming up ${size} + ${size}`)
      await turn((quick ? 8 : 15) * size)
      note(`scale-out: ${size} + ${size}`)
      const rounds: Round[] = []
      while (rounds.length < (quick ? 2 : 5)) rounds.push(await turn(quick ? 3 : 6))
      run = rounds.at(-1)?.run ?? run
      return rounds
    })
    noteDuplicates(note, 'scale-out', found)
    first ??= found
    print(results(size, found, first))
  }
  for (const hub of cluster.hubs) await checkInboxes(tenant, hub.url, USERS, sent)
}

/**
 * Measures the processor time per notification of a growing cluster: 1, 2 and 4 hubs with as many dispatchers. Every hub has the
 * same number of concurrent requests, each with one notification to one connected user, mostly of another hub. The efficiency
 * compares hubs and dispatchers, because all sizes run on the same cores and servers.
 */
export const scaleOut: Bench = async (context) => {
  if (!context.modes.includes('cluster')) return
  await cleaningUp((later) => measure(context, later))
}
