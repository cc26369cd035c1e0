import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, NotificationInput, PlanStep } from '@carillon/schemas'
import type { Installation } from './installations.ts'
import { clock, processorTimer } from './machine.ts'
import { PEOPLE, plannedFor } from './messages.ts'
import { untilMetric } from './metrics.ts'
import { type Mark, userOf } from './payload.ts'
import type { Sink } from './sink.ts'
import type { SinkPlace } from './sink-child.ts'
import type { Prepare } from './tenant.ts'

/** A round that a child process sends. */
export type Order = { port: number; run: number; count: number }

/** `rate`: messages per second at the sink, over the middle 80 %. `cpu`: µs of each process per message. */
export type Sent = { rate: number; cpu: Record<string, number> }

const CHUNK = 1_000
const BATCH_CONCURRENCY = 3

/** Returns the environment of a process that trusts the sink's certificate. */
export const trustSink = async (
  { ca }: SinkPlace,
  later: (undo: () => unknown) => void,
): Promise<Record<string, string>> => {
  if (ca === undefined) return {}
  const dir = await mkdtemp(join(tmpdir(), 'carillon-bench-'))
  later(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'ca.pem')
  await writeFile(file, ca)
  return { NODE_EXTRA_CA_CERTS: file }
}

/** Waits until every notification is stored and its steps are in the log. */
export const settled = ({ hub }: Installation) =>
  untilMetric(hub, 'carillon_queue_backlog{queue="notify-normal"}', (waiting) => waiting === 0)

/** Publishes `count` notifications in batches. `make` creates them when their batch is sent. */
export const publishAll = async (
  { hub, tenant }: Installation,
  { run, count }: { run: number; count: number },
  make: (mark: Mark) => NotificationInput,
): Promise<void> => {
  let from = 0
  const worker = async () => {
    while (from < count) {
      const first = from
      const size = Math.min(CHUNK, count - first)
      from += size
      const at = clock()
      const batch = Array.from({ length: size }, (_, n) => make({ run, n: first + n, at }))
      await tenant.sendBatch(hub, batch)
    }
  }
  await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, worker))
}

/** Publishes notifications to PEOPLE in turn, each with one step. `step` is called for each of them. */
const publish = (installation: Installation, run: number, count: number, step: () => PlanStep) =>
  publishAll(installation, { run, count }, (mark) => plannedFor(mark, installation.tenant.id, step()))

/** Publishes `count` notifications with immediate steps and measures from publishing to sending. */
export const sentAtOnce = async (
  installation: Installation,
  sink: Sink,
  { run, count, channel }: { run: number; count: number; channel: Channel },
): Promise<Sent> => {
  await sink.begin()
  const used = processorTimer(installation.processes)
  await publish(installation, run, count, () => ({ channel, when: 'always', after: 0 }))
  await sink.until(count)
  const cpu = used(count)
  return { rate: (await sink.report(count)).rate, cpu }
}

/** Measures how many notifications with a delayed step can be stored per second, with a safety margin. */
export const storingPace = async (installation: Installation, channel: Channel): Promise<number> => {
  const count = 4 * CHUNK
  const start = clock()
  await publish(installation, 0, count, () => ({ channel, when: 'unread', after: 86_400 }))
  await settled(installation)
  return (count * 500) / (clock() - start)
}

export type Due = {
  run: number
  count: number
  step: Omit<PlanStep, 'after'>
  /** The result of `storingPace`. */
  pace: number
  onDue?(): void
}

/**
 * Publishes `count` notifications whose steps are all due within the same second, well after they are stored, and measures
 * from then on. `seconds`: until the last message was received.
 */
export const sentWhenDue = async (
  installation: Installation,
  sink: Sink,
  { run, count, step, pace, onDue }: Due,
): Promise<Sent & { seconds: number }> => {
  await sink.begin()
  const dueAt = Date.now() + 2_000 + (count / pace) * 1_000
  await publish(installation, run, count, () => ({
    ...step,
    after: Math.max(1, Math.ceil((dueAt - Date.now()) / 1_000)),
  }))
  await settled(installation)
  if (Date.now() > dueAt) throw new Error(`storing ${count} notifications took longer than expected`)
  await sleep(dueAt - Date.now())
  onDue?.()
  const used = processorTimer(installation.processes)
  const start = clock()
  await sink.until(count)
  const seconds = (clock() - start) / 1_000
  const cpu = used(count)
  return { rate: (await sink.report(count)).rate, seconds, cpu }
}

/** Adds users with these addresses and devices to the store: PEOPLE, or `count`. */
export const withPeople =
  (profile: (user: string) => object, count = PEOPLE): Prepare =>
  async ({ users }, tenant) => {
    for (let from = 0; from < count; from += CHUNK)
      await users.merge(
        tenant,
        Array.from({ length: Math.min(CHUNK, count - from) }, (_, n) => {
          const id = userOf(from + n)
          return { id, profile: profile(id) }
        }),
      )
  }
