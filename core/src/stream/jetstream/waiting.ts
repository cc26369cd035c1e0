import { type Queue, queueFilter, WAIT_REASONS, type WaitReason } from '@carillon/schemas'
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream'
import type { Waiting } from '../port.ts'
import { QUEUES } from '../queues.ts'
import type { Names } from './names.ts'
import { declareConsumer, declareCounter, notifySources, type StreamOptions, sourcesOf } from './streams.ts'

type Counted = { queue: Queue; stream: string; info: ConsumerInfo }

const unfinishedIn = ({ info }: Counted): number => info.num_pending + info.num_ack_pending

/** Returns functions that tell what waits and what is unfinished. They list consumers 256 at a time instead of asking for each. */
export const createCounts = (manager: JetStreamManager, names: Names, options: StreamOptions) => {
  const listed = async () => {
    const found = new Map<string, ConsumerInfo>()
    for (const { stream } of [...notifySources(names), { stream: names.stream('WORK') }])
      for await (const info of manager.consumers.list(stream)) found.set(`${stream} ${info.name}`, info)
    return found
  }

  const countedIn = async (found: ReadonlyMap<string, ConsumerInfo>): Promise<Counted[]> =>
    Promise.all(
      QUEUES.flatMap((queue) =>
        sourcesOf(names, queue).map(async ({ stream }) => ({
          ...{ queue, stream },
          info:
            found.get(`${stream} ${names.consumer(queue)}`) ??
            (await declareConsumer(manager, names, stream, queue, options)),
        })),
      ),
    )

  /** Returns when the oldest unfinished message was appended: the first one that is not acknowledged. */
  const oldestIn = async ({ queue, stream, info }: Counted): Promise<number | undefined> => {
    const seq = info.ack_floor.stream_seq + 1
    const filter = info.config.filter_subject ?? names.scoped(queueFilter(queue))
    const message = await manager.direct.getMessage(stream, { seq, next_by_subj: filter })
    return message?.time.getTime()
  }

  const scheduledIn = async (found: ReadonlyMap<string, ConsumerInfo>) => {
    const stream = names.stream('WORK')
    const count = async (reason: WaitReason) => {
      const info =
        found.get(`${stream} ${names.counter(reason)}`) ?? (await declareCounter(manager, names, reason))
      return [reason, info.num_pending] as const
    }
    return new Map(await Promise.all(WAIT_REASONS.map(count)))
  }

  return {
    backlog: async (): Promise<Map<Queue, number>> => {
      const sums = new Map<Queue, number>()
      for (const counted of await countedIn(await listed()))
        sums.set(counted.queue, (sums.get(counted.queue) ?? 0) + unfinishedIn(counted))
      return sums
    },
    waiting: async (): Promise<Waiting> => {
      const found = await listed()
      const busy = (await countedIn(found)).filter((counted) => unfinishedIn(counted) > 0)
      const oldest = new Map<Queue, number>()
      await Promise.all(
        busy.map(async (counted) => {
          const at = await oldestIn(counted)
          if (at !== undefined) oldest.set(counted.queue, Math.min(at, oldest.get(counted.queue) ?? Infinity))
        }),
      )
      return { scheduled: await scheduledIn(found), oldest }
    },
  }
}
