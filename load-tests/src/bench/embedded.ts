import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCarillon } from '../rig/carillon.ts'
import { startBareSocketIo } from './bare-socketio.ts'
import { type Bench, cleaningUp, latencies, noteDuplicates, processorTime, rates, USERS } from './bench.ts'
import { closedLoop, createSentCounts, openLoop, type Target } from './load.ts'
import { interleaved, measurement, median } from './measure.ts'
import { notificationFor, userOf } from './payload.ts'
import { startReceivers } from './receivers.ts'
import { checkInboxes, makeTenant, type Prepare, type Tenant } from './tenant.ts'

const WINDOW = 2_000
const CHUNK = 200
const TICK_MS = 5

/** `settings` are added to the environment of the process. */
export type Setup = { prepare?: Prepare; settings?: Record<string, string> }

/** Starts `carillon dev` on its own data directory, with a tenant. */
export const startEmbedded = async (later: (undo: () => unknown) => void, setup: Setup = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-bench-'))
  later(() => rm(dir, { recursive: true, force: true }))
  const settings = {
    CARILLON_DATA_DIR: dir,
    CARILLON_SECRET: randomBytes(32).toString('hex'),
    CARILLON_LOG_LEVEL: 'warn',
  }
  const tenant = await makeTenant(settings, setup.prepare)
  const server = await startCarillon(['dev', '--no-demo'], { ...settings, ...setup.settings })
  later(async () => {
    await server.stop()
    // Its banner is text. At this level, the rest tells such as why it closed a connection.
    for (const line of server.logs()) if (line.startsWith('{')) process.stderr.write(`carillon: ${line}\n`)
  })
  await tenant.defineType(server.url)
  return { server, tenant, dir }
}

/** Publishes through the batch API of a hub. */
export const overHttp = (hub: string, tenant: Tenant, processes: Target['processes']): Target => ({
  send: ({ run, from, count, at }) =>
    tenant.sendBatch(
      hub,
      Array.from({ length: count }, (_, index) => {
        const n = from + index
        return notificationFor({ run, n, at }, userOf(n % USERS))
      }),
    ),
  processes,
})

/**
 * Measures publish → store → receive in one process with a durable file, against bare Socket.IO that emits the same items to
 * the same clients: the maximum rate, then the latency at half that rate.
 */
export const embedded: Bench = async ({ quick, note, modes, print }) => {
  if (!modes.includes('embedded')) return
  return cleaningUp(async (later) => {
    const { server, tenant } = await startEmbedded(later)
    const bare = await startBareSocketIo(USERS)
    later(bare.stop)
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(server.url, await tenant.auths(USERS))
    await receivers.connect(bare.url, bare.auths(USERS))
    const carillon = overHttp(server.url, tenant, { carillon: server.pid })
    const { sent, counted } = createSentCounts()

    note('embedded: rate')
    const closed = { connections: USERS, seconds: quick ? 1.5 : 4, window: WINDOW, chunk: CHUNK }
    const turns = [
      () => counted(closedLoop(carillon, receivers, closed)),
      () => closedLoop(bare, receivers, closed),
    ] as const
    await interleaved(1, ...turns)
    const [ours, theirs] = await interleaved(quick ? 1 : 5, ...turns)
    const capacity = median(rates(ours))

    note('embedded: latency at half the rate')
    const open = { connections: USERS, seconds: quick ? 2 : 8, rate: capacity / 2, tickMs: TICK_MS }
    const [half, bareHalf] = await interleaved(
      quick ? 1 : 3,
      () => counted(openLoop(carillon, receivers, open)),
      () => openLoop(bare, receivers, open),
    )
    await checkInboxes(tenant, server.url, USERS, sent)
    noteDuplicates(note, 'embedded', [...ours, ...half])

    print([
      measurement('embedded.rate', 'notifications/s', rates(ours), rates(theirs), '≥ 0.3'),
      ...latencies('embedded', half, bareHalf, { p99: '≤ 3' }),
      ...processorTime('embedded', ours, { rounds: theirs, name: 'carillon', process: 'bare' }),
    ])
  })
}
