import { startHttpSocketIo } from './bare-socketio.ts'
import {
  type Bench,
  type Context,
  cleaningUp,
  latencies,
  noteDuplicates,
  processorTime,
  rates,
} from './bench.ts'
import { startEmbedded } from './embedded.ts'
import { createSentCounts, openLoop, type Round, requestLoop } from './load.ts'
import { interleaved, measurement, median } from './measure.ts'
import { startReceivers } from './receivers.ts'
import { overRequests, type To } from './requests.ts'
import { checkInboxes } from './tenant.ts'

/** The number of connected users. */
const USERS = 500
const TOPIC = 'everyone'
const TICK_MS = 1
/** A rate at which a hub is nearly idle, notifications per second. */
const QUIET_RATE = 100

type Work = { name: string; to: To; inFlight: number }

/**
 * Measures one notification per request, against Socket.IO behind the same HTTP, without storage: the rate with `inFlight`
 * concurrent requests, then the latency at half of each contender's own rate, and at 100 requests a second.
 */
const measure = async (
  { name, to, inFlight }: Work,
  { quick, note, modes, print }: Context,
): Promise<void> => {
  if (!modes.includes('embedded')) return
  await cleaningUp(async (later) => {
    const { server, tenant } = await startEmbedded(later)
    const bare = await startHttpSocketIo(TOPIC)
    later(bare.stop)
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(server.url, await tenant.auths(USERS))
    await receivers.connect(bare.url, bare.auths(USERS))
    const toAll = 'topic' in to
    if (toAll) await tenant.join(server.url, TOPIC, 0, USERS)
    const { apiKey } = tenant
    const ours = await overRequests(later, {
      ...{ url: server.url, processes: { carillon: server.pid }, apiKey, inFlight, to },
    })
    const theirs = await overRequests(later, { url: bare.url, processes: { bare: bare.pid }, inFlight, to })
    const { sent, counted } = createSentCounts()

    note(`${name}: rate`)
    const window = 2_000 * (toAll ? USERS / 50 : 1)
    const closed = { connections: USERS, seconds: quick ? 1.5 : 4, inFlight, window, toAll }
    const turns = [
      () => counted(requestLoop(ours, receivers, closed)),
      () => requestLoop(theirs, receivers, closed),
    ] as const
    await interleaved(1, ...turns)
    const [mine, other] = await interleaved(quick ? 2 : 5, ...turns)
    noteDuplicates(note, name, mine)
    print([
      measurement(`${name}.rate`, 'received/s', rates(mine), rates(other), '≥ 0.5'),
      ...processorTime(name, mine, { rounds: other, name: 'carillon', process: 'bare' }),
    ])

    const at = async (label: string, rate: number, otherRate: number) => {
      note(`${name}: latency at ${label}`)
      const open = { connections: USERS, seconds: quick ? 2 : 8, tickMs: TICK_MS, toAll }
      const [half, bareHalf] = await interleaved(
        quick ? 1 : 3,
        () => counted(openLoop(ours, receivers, { ...open, rate })),
        () => openLoop(theirs, receivers, { ...open, rate: otherRate }),
      )
      noteDuplicates(note, name, half)
      print(latencies(`${name}.${label}`, half, bareHalf))
    }
    const each = toAll ? USERS : 1
    const halfOf = (rounds: readonly Round[]) => median(rates(rounds)) / 2 / each
    await at('half', halfOf(mine), halfOf(other))
    if (toAll) return
    await at('quiet', QUIET_RATE, QUIET_RATE)
    await checkInboxes(tenant, server.url, USERS, sent)
  })
}

/** Measures one notification per request, each to one connected user. */
export const single: Bench = (context) =>
  measure({ name: 'single', to: { users: USERS }, inFlight: 64 }, context)

/** Measures one notification to a topic whose members are all connected. */
export const broadcast: Bench = (context) =>
  measure({ name: 'broadcast', to: { topic: TOPIC }, inFlight: 4 }, context)
