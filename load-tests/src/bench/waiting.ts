import { setTimeout as sleep } from 'node:timers/promises'
import { planKey, type Step, stepMessage } from '@carillon/core/delivery/step'
import { slices } from '@carillon/core/group-by'
import type { Stream } from '@carillon/core/stream/port'
import { type Bench, type Context, cleaningUp } from './bench.ts'
import { publishAll, settled } from './deliveries.ts'
import { type Installation, inEachMode } from './installations.ts'
import { clock, forgetPeak, peakBytes, residentBytes } from './machine.ts'
import { measurement } from './measure.ts'
import { freshId, notificationFor, TYPE, userOf } from './payload.ts'
import { type Receivers, startReceivers } from './receivers.ts'

const CONNECTED = 1_000
const DAY_MS = 86_400_000
/** Messages that are written to the log together. */
const CHUNK = 1_000
/** Time for a process to settle after its start. */
const SETTLE_MS = 3_000

/** Returns the step of an e-mail that waits in case an item stays unread. */
const waitingStep = (tenant: string, n: number, now: number): Step => {
  const id = freshId({ run: 0, n, at: 0 }, tenant)
  return {
    ...{ tenant, user: userOf(n), notification: id, item: id, type: TYPE, priority: 'normal' },
    ...{ at: now, expiresAt: now + 30 * DAY_MS, toAudience: false, index: 0 },
    plan: [{ channel: 'email', when: 'unread', after: 86_400 }],
  }
}

/** Makes `count` steps wait, each until its own second of the next days. */
const fill = (tenant: string, count: number) => async (stream: Stream) => {
  const now = Date.now()
  const numbers = Array.from({ length: count }, (_, n) => n)
  for (const some of slices(numbers, CHUNK))
    await stream.publish(
      some.map((n) => {
        const step = waitingStep(tenant, n, now)
        return stepMessage(step, { at: now + DAY_MS + n * 100, key: planKey(step) })
      }),
    )
}

/** `first`: from the time when all were due to the first receipt, ms. */
type Drain = { first: number; rate: number; peak: number }

/** Publishes notifications that are due in `wait` ms. Resolves with that time on `clock()` once all of them wait. */
const publishFor = async (
  installation: Installation,
  { run, count, wait }: { run: number; count: number; wait: number },
): Promise<number> => {
  const at = clock() + wait
  const deliverAt = new Date(Date.now() + wait).toISOString()
  await publishAll(installation, { run, count }, ({ n }) => ({
    ...notificationFor({ run, n, at }, userOf(n % CONNECTED)),
    id: freshId({ run, n, at }, installation.tenant.id),
    deliverAt,
  }))
  await settled(installation)
  return at
}

/** Publishes notifications that are all due at the same time, and measures from then on. */
const drain = async (installation: Installation, receivers: Receivers, count: number): Promise<Drain> => {
  const { worker } = installation
  const start = clock()
  // Publishing these tells how long it takes. They are not due during the bench.
  await publishFor(installation, { run: 0, count: CONNECTED, wait: DAY_MS })
  const each = (clock() - start) / CONNECTED
  const run = await receivers.begin({ connections: CONNECTED })
  const dueAt = await publishFor(installation, { run, count, wait: 3_000 + 2 * count * each })
  const left = dueAt - clock()
  if (left < 0) throw new Error(`publishing ${count} notifications took longer than expected`)
  await sleep(left)
  forgetPeak(worker)
  await receivers.until(1)
  const first = clock() - dueAt
  await receivers.until(count)
  const { lastAt } = await receivers.report(count)
  return { first, rate: (count * 1_000) / (lastAt - dueAt), peak: peakBytes(worker) }
}

const measure = async (
  { quick, note, print }: Context,
  name: string,
  installation: Installation,
): Promise<void> => {
  const [pending, due] = quick ? [20_000, 1_000] : [1_000_000, 20_000]
  const { log, tenant } = installation
  const memory = async () => {
    await sleep(SETTLE_MS)
    return Object.entries(installation.processes).map(
      ([process, pid]) => [process, residentBytes(pid)] as const,
    )
  }
  const drained = () =>
    cleaningUp(async (later) => {
      const receivers = await startReceivers()
      later(receivers.stop)
      await receivers.connect(installation.hub, await tenant.auths(CONNECTED))
      return drain(installation, receivers, due)
    })
  const restartedEmpty = await log.refill(async () => {})
  const before = { size: await log.size(), memory: new Map(await memory()), drain: await drained() }
  note(`${name}: ${pending} waiting messages`)
  let wrote = 0
  const restarted = await log.refill(async (stream) => {
    const start = clock()
    await fill(tenant.id, pending)(stream)
    wrote = (clock() - start) / 1_000
  })
  const after = { size: await log.size(), memory: await memory(), drain: await drained() }
  const mebibytes = (bytes: number) => bytes / 2 ** 20
  // Each is compared with the same while nothing else waits.
  print([
    measurement(`${name}.write`, 'messages/s', [pending / wrote]),
    measurement(`${name}.disk`, 'bytes/message', [(after.size - before.size) / pending]),
    measurement(`${name}.restart`, 's', [restarted], [restartedEmpty]),
    ...after.memory.map(([process, bytes]) =>
      measurement(
        `${name}.rss.${process}`,
        'MiB',
        [mebibytes(bytes)],
        [mebibytes(before.memory.get(process) ?? Number.NaN)],
      ),
    ),
    measurement(`${name}.first`, 'ms', [after.drain.first], [before.drain.first]),
    measurement(`${name}.drain`, 'notifications/s', [after.drain.rate], [before.drain.rate]),
    measurement(
      `${name}.peak-rss`,
      'MiB',
      [mebibytes(after.drain.peak)],
      [mebibytes(before.drain.peak)],
      'flat',
    ),
  ])
}

/**
 * Measures what a million messages that wait in the event log cost: memory, disk, the time of a restart, and how fast
 * notifications are delivered that are due meanwhile.
 */
export const waiting: Bench = (context) =>
  inEachMode(context, async (mode, raise) => measure(context, `waiting.${mode}`, await raise({})))
