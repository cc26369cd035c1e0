import type { Published, Stream } from '../port.ts'
import { type Appended, type appender, type Routed, routed } from './append.ts'
import type { EmbeddedQueues } from './queues.ts'
import type { Size } from './size.ts'
import type { Write } from './write.ts'

/** Returns how messages are published: handed to a reader at once if possible, otherwise appended to the file. */
export const createPublish =
  ({
    write,
    log,
    size,
    queues,
    handOver,
    settle,
    now,
  }: {
    write: Write
    log: Pick<ReturnType<typeof appender>, 'append'>
    size: Pick<Size, 'reserve'>
    queues: Pick<EmbeddedQueues, 'wake'>
    handOver(messages: readonly Routed[]): Promise<Published[]> | undefined
    /** Updates sizes and timers after a commit. */
    settle(appended: Appended): void
    now(): number
  }): Stream['publish'] =>
  async (messages) => {
    const all = messages.map(routed)
    const release = size.reserve(all.length)
    try {
      const handed = handOver(all)
      if (handed) return await handed
      const appending = write(() => log.append(all, now()))
      // Wakes readers now, so that their reads join this commit.
      for (const queue of new Set(all.map(({ queue }) => queue))) if (queue) queues.wake(queue)
      const appended = await appending
      settle(appended)
      return appended.published
    } finally {
      release()
    }
  }
