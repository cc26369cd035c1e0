import { randomBytes } from 'node:crypto'
import { notifySubject } from '@carillon/schemas'
import { startCluster } from '../rig/carillon.ts'
import type { BareCassandra } from './baselines/cassandra.ts'
import type { BareJetStream } from './baselines/jetstream.ts'
import {
  type Bench,
  cleaningUp,
  latencies,
  noteDuplicates,
  processorTime,
  rates,
  type Servers,
  USERS,
} from './bench.ts'
import { startChild } from './child.ts'
import type { Setup } from './embedded.ts'
import { type Batch, closedLoop, createSentCounts, openLoop, type Target } from './load.ts'
import { interleaved, measurement, median } from './measure.ts'
import { freshId, type Mark, notificationFor, TYPE, userOf } from './payload.ts'
import { openPublisher } from './publisher.ts'
import { startReceivers } from './receivers.ts'
import { checkInboxes, makeTenant } from './tenant.ts'
import { untilSteady } from './until-steady.ts'

const WINDOW = 2_000
const CHUNK = 100
const TICK_MS = 5

type Later = (undo: () => unknown) => void

/** Starts a hub and a dispatcher on real servers, with a tenant. */
export const startClustered = async ({ urls, processes }: Servers, later: Later, setup: Setup = {}) => {
  const settings = { CARILLON_LOG_LEVEL: 'warn', ...setup.settings }
  const carillon = await startCluster({ hubs: 1, dispatchers: 1, urls, settings })
  later(carillon.stop)
  const [hub] = carillon.hubs
  const [dispatcher] = carillon.dispatchers
  if (!hub || !dispatcher) throw new Error('no hub or dispatcher was started')
  const tenant = await makeTenant(carillon.settings, setup.prepare)
  await tenant.defineType(hub.url)
  return {
    carillon,
    hub,
    dispatcher,
    tenant,
    processes: { hub: hub.pid, dispatcher: dispatcher.pid, ...processes },
  }
}

/** Publishes over NATS as a backend does: with ids, and waits for each PubAck. */
const overNats = async (url: string, tenant: string, processes: Target['processes'], later: Later) => {
  const publisher = await openPublisher(url)
  later(publisher.close)
  const subject = notifySubject(tenant, 'normal', TYPE)
  const sending =
    (idOf: (mark: Mark) => string) =>
    ({ run, from, count, at }: Batch) =>
      publisher.publish(
        Array.from({ length: count }, (_, index) => {
          const mark = { run, n: from + index, at }
          const id = idOf(mark)
          const notification = { ...notificationFor(mark, userOf(mark.n % USERS)), id }
          return { subject, id, body: JSON.stringify(notification) }
        }),
      )
  return {
    withUuids: { send: sending((mark) => freshId(mark, tenant)), processes },
    withOwnIds: { send: sending(({ run, n }) => `comment-${tenant}-${run}-${n}`), processes },
  }
}

/** Starts the baselines, each in its own process. Each call is one round and returns its rate. */
const startBareParts = async ({ urls }: Servers, quick: boolean, later: Later) => {
  const nats = await startChild<BareJetStream>(new URL('./baselines/jetstream.ts', import.meta.url))
  const cassandra = await startChild<BareCassandra>(new URL('./baselines/cassandra.ts', import.meta.url))
  later(async () => {
    await cassandra.call('drop', urls.cassandra)
    await Promise.all([nats.stop(), cassandra.stop()])
  })
  const stream = () => `BENCH-${randomBytes(6).toString('hex')}`
  return {
    /**
     * Warms up the JVM: before compilation it needs up to seven times the processor time. Our own statements take other
     * paths, so they are warmed up on their own.
     */
    warmUp: () => cassandra.call('insert', { url: urls.cassandra, seconds: quick ? 10 : 20, users: USERS }),
    consume: () =>
      nats.call('consume', {
        server: urls.nats,
        stream: stream(),
        count: quick ? 20_000 : 60_000,
        users: USERS,
      }),
    insert: () => cassandra.call('insert', { url: urls.cassandra, seconds: quick ? 1.5 : 4, users: USERS }),
  }
}

/**
 * Measures NATS → dispatcher → Cassandra → Redis → hub → client with one dispatcher and one hub, against the slower of two
 * baselines: consuming and acknowledging the messages, and inserting the rows.
 */
export const cluster: Bench = async (context) => {
  if (!context.modes.includes('cluster')) return
  return cleaningUp(async (later) => {
    const { quick, note, print } = context
    const servers = await context.servers()
    const { hub, tenant, processes } = await startClustered(servers, later)
    const bare = await startBareParts(servers, quick, later)
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(hub.url, await tenant.auths(USERS))
    const carillon = await overNats(servers.urls.nats, tenant.id, processes, later)

    const { sent, counted } = createSentCounts()

    const closed = { connections: USERS, seconds: quick ? 1.5 : 4, window: WINDOW, chunk: CHUNK }
    note('cluster: warming up Cassandra')
    await bare.warmUp()
    note('cluster: warming up the statements of Carillon')
    const warming = { ...closed, seconds: 2 }
    await untilSteady(
      async () => (await counted(closedLoop(carillon.withUuids, receivers, warming))).rate,
      quick ? 10_000 : 20_000,
    )
    note('cluster: rate')
    const turns = [
      () => counted(closedLoop(carillon.withUuids, receivers, closed)),
      () => counted(closedLoop(carillon.withOwnIds, receivers, closed)),
      bare.consume,
      bare.insert,
    ] as const
    await interleaved(1, ...turns)
    const [ours, ownIds, consumed, inserted] = await interleaved(quick ? 2 : 5, ...turns)
    const slower = median(consumed) < median(inserted) ? consumed : inserted

    note('cluster: latency at half the rate')
    const rate = median(rates(ours)) / 2
    const open = { connections: USERS, seconds: quick ? 2 : 8, rate, tickMs: TICK_MS }
    const [half] = await interleaved(quick ? 1 : 3, () =>
      counted(openLoop(carillon.withUuids, receivers, open)),
    )
    await checkInboxes(tenant, hub.url, USERS, sent)
    noteDuplicates(note, 'cluster', [...ours, ...ownIds, ...half])

    print([
      measurement('cluster.rate', 'notifications/s', rates(ours), slower, '≥ 0.4'),
      measurement('cluster.rate.consume-and-ack', 'notifications/s', rates(ours), consumed),
      measurement('cluster.rate.insert', 'notifications/s', rates(ours), inserted),
      measurement('cluster.rate.own-ids', 'notifications/s', rates(ownIds), slower),
      ...latencies('cluster', half),
      ...processorTime('cluster', ours),
    ])
  })
}
