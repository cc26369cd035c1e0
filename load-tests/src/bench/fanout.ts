import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Context, cleaningUp } from './bench.ts'
import { type Installation, inEachMode } from './installations.ts'
import { clock, forgetPeak, peakBytes, processorTimer } from './machine.ts'
import { LossError, measurement } from './measure.ts'
import { notificationFor } from './payload.ts'
import { type Receivers, startReceivers } from './receivers.ts'

const CONNECTED = 1_000
const INBOXES_SAMPLED = 50
const POLL_MS = 50
const STALL_MS = 30_000

type Blast = { seconds: number; peak: number; cpu: Record<string, number> }

/** Waits until the notification is delivered to all members. */
const delivered = async ({ hub, tenant }: Installation, id: string, members: number) => {
  let reached = 0
  let progressAt = clock()
  for (;;) {
    const status = await tenant.status(hub, id)
    const recipients = status?.recipients ?? 0
    if (status?.state === 'delivered') {
      if (recipients === members) return
      throw new LossError(`delivered to ${recipients} of ${members} members`)
    }
    if (recipients > reached) {
      reached = recipients
      progressAt = clock()
    } else if (clock() - progressAt > STALL_MS)
      throw new LossError(`no progress for ${STALL_MS / 1_000} s at ${reached} of ${members} members`)
    await sleep(POLL_MS)
  }
}

const checkSample = async ({ hub, tenant }: Installation, run: number, members: number) => {
  for (let sample = 0; sample < INBOXES_SAMPLED; sample++) {
    const user = Math.floor((sample * members) / INBOXES_SAMPLED)
    const items = (await tenant.marks(hub, user)).filter(([of]) => of === run)
    if (items.length !== 1) throw new LossError(`user ${user} has the notification ${items.length} times`)
  }
}

/** Measures one notification to a topic with `members` members, of whom the first thousand are connected. */
const blast = async (carillon: Installation, receivers: Receivers, members: number): Promise<Blast> => {
  const { hub, tenant, worker, processes } = carillon
  const topic = `everyone-of-${members}`
  await tenant.join(hub, topic, 0, members)
  const run = await receivers.begin({ connections: CONNECTED, toAll: true })
  forgetPeak(worker)
  const used = processorTimer(processes)
  const at = clock()
  const id = await tenant.send(hub, notificationFor({ run, n: 0, at }, { topic }))
  await delivered(carillon, id, members)
  const seconds = (clock() - at) / 1_000
  const cpu = used(members)
  const peak = peakBytes(worker)
  await receivers.until(CONNECTED)
  await receivers.report(1)
  await checkSample(carillon, run, members)
  return { seconds, peak, cpu }
}

const measure = async (
  { quick, note, print }: Context,
  name: string,
  carillon: Installation,
): Promise<void> => {
  const [few, many] = quick ? [5_000, 20_000] : [100_000, 1_000_000]
  return cleaningUp(async (later) => {
    const receivers = await startReceivers()
    later(receivers.stop)
    await receivers.connect(carillon.hub, await carillon.tenant.auths(CONNECTED))
    note(`${name}: ${few} members`)
    const small = await blast(carillon, receivers, few)
    print([measurement(`${name}.rate.${few}`, 'recipients/s', [few / small.seconds])])
    note(`${name}: ${many} members`)
    const large = await blast(carillon, receivers, many)
    const megabytes = ({ peak }: Blast) => peak / 2 ** 20
    print([
      measurement(`${name}.rate.${many}`, 'recipients/s', [many / large.seconds]),
      // Compared with the smaller audience: memory should not depend on the audience.
      measurement(`${name}.peak-rss.${many}`, 'MiB', [megabytes(large)], [megabytes(small)], 'flat'),
      ...Object.entries(large.cpu).map(([process, cpu]) =>
        measurement(`${name}.cpu.${process}`, 'µs/recipient', [cpu]),
      ),
    ])
  })
}

/** Measures recipients per second and memory of one notification to a large topic. */
export const fanout: Bench = (context) =>
  inEachMode(context, (mode, raise) =>
    raise({}).then((installation) => measure(context, `fanout.${mode}`, installation)),
  )
