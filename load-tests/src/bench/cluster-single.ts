import { randomBytes } from 'node:crypto'
import type { BareClusterPath } from './baselines/cluster-path.ts'
import { dropInboxRows } from './baselines/inbox-rows.ts'
import {
  type Bench,
  cleaningUp,
  latencies,
  noteDuplicates,
  processorTime,
  rates,
  type Servers,
} from './bench.ts'
import { startChild } from './child.ts'
import { startClustered } from './cluster.ts'
import { createSentCounts, openLoop, type Round, requestLoop, type Target } from './load.ts'
import { interleaved, measurement, median } from './measure.ts'
import { freshId, notificationFor, userOf } from './payload.ts'
import { openPublisher } from './publisher.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { overRequests, publishing } from './requests.ts'
import { checkInboxes } from './tenant.ts'

/** The number of connected users. */
const USERS = 500
const IN_FLIGHT = 64
const TICK_MS = 1
const WINDOW = 2_000

type Later = (undo: () => unknown) => void

/**
 * Starts the bare path: JetStream publish → consume → prepared insert → sharded Redis publish → Socket.IO emit. The consumer
 * and the Socket.IO server are processes of their own, like dispatcher and hub.
 */
const startBarePath = async ({ urls, processes }: Servers, receivers: Receivers, later: Later) => {
  const file = new URL('./baselines/cluster-path.ts', import.meta.url)
  const server = await startChild<BareClusterPath>(file)
  later(server.stop)
  const worker = await startChild<BareClusterPath>(file)
  later(worker.stop)
  const stream = `BENCH-${randomBytes(6).toString('hex')}`
  await worker.call('work', { ...urls, stream })
  later(async () => {
    await worker.call('drop', { nats: urls.nats, stream })
    await dropInboxRows(urls.cassandra)
  })
  const port = await server.call('listen', urls.redis)
  const auths = Array.from({ length: USERS }, (_, n) => ({ user: userOf(n) }))
  await receivers.connect(`http://127.0.0.1:${port}`, auths)
  const publisher = await openPublisher(urls.nats)
  later(publisher.close)
  return {
    send: ({ run, from, count, at }) =>
      publisher.publish(
        Array.from({ length: count }, (_, index) => {
          const mark = { run, n: from + index, at }
          const body = JSON.stringify(notificationFor(mark, userOf(mark.n % USERS)))
          return { subject: `${stream}.normal`, id: freshId(mark, stream), body }
        }),
      ),
    processes: { hub: server.pid, dispatcher: worker.pid, ...processes },
  } satisfies Target
}

/** Adds the processor time of all processes of Carillon, or of the bare path. */
const withSums = (rounds: readonly Round[]) =>
  rounds.map(({ cpu }) => ({ cpu: { ...cpu, both: (cpu.hub ?? 0) + (cpu.dispatcher ?? 0) } }))

/**
 * Measures one notification per request to the hub of a cluster of one hub and one dispatcher, each to one connected user,
 * against the bare path on the same servers: the rate with 64 in flight, then the latency at half of each contender's own rate.
 */
export const clusterSingle: Bench = async (context) => {
  if (!context.modes.includes('cluster')) return
  await cleaningUp(async (later) => {
    const { quick, note, print } = context
    const servers = await context.servers()
    const { hub, tenant, processes } = await startClustered(servers, later)
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(hub.url, await tenant.auths(USERS))
    const bare = await startBarePath(servers, receivers, later)
    const ours = await overRequests(later, {
      ...{ url: hub.url, processes, inFlight: IN_FLIGHT },
      requestFor: publishing({ users: USERS }, tenant.apiKey),
    })
    const { sent, counted } = createSentCounts()

    const closed = { connections: USERS, seconds: quick ? 2 : 5, inFlight: IN_FLIGHT, window: WINDOW }
    const turns = [
      (longer = {}) => counted(requestLoop(ours, receivers, { ...closed, ...longer })),
      (longer = {}) => requestLoop(bare, receivers, { ...closed, ...longer }),
    ] as const
    note('cluster-single: warming up')
    // Node and the JVM compile hot paths in tens of thousands of calls, and Carillon has more of them.
    await turns[1]({ seconds: quick ? 5 : 20 })
    await turns[0]({ seconds: quick ? 20 : 60 })
    note('cluster-single: rate')
    const [mine, other] = await interleaved(quick ? 3 : 5, ...turns)

    noteDuplicates(note, 'cluster-single', mine)
    print([
      measurement('cluster-single.rate', 'received/s', rates(mine), rates(other), '≥ 0.6'),
      ...processorTime('cluster-single', withSums(mine), {
        ...{ rounds: withSums(other), name: 'both', process: 'both' },
      }),
    ])

    note('cluster-single: latency at half the rate')
    const open = { connections: USERS, seconds: quick ? 4 : 8, tickMs: TICK_MS }
    const halfOf = (rounds: readonly Round[]) => ({ ...open, rate: median(rates(rounds)) / 2 })
    const [half, bareHalf] = await interleaved(
      quick ? 1 : 3,
      () => counted(openLoop(ours, receivers, halfOf(mine))),
      () => openLoop(bare, receivers, halfOf(other)),
    )
    await checkInboxes(tenant, hub.url, USERS, sent)
    noteDuplicates(note, 'cluster-single', half)
    print(latencies('cluster-single.half', half, bareHalf, { p99: '< 60 ms' }))
  })
}
