import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Stream } from '@carillon/core/stream/port'

/** Reports whether the operation waits for notifications in the log, because nothing else stops or changes their items. */
const waitsForLog = ({ verb, target }: OperationWork): boolean =>
  target.notification === undefined &&
  (verb.kind === 'replace' || (verb.kind === 'recall' && target.user !== undefined))

/**
 * Returns a function that resolves with the watermark of an operation: dispatchers have read everything that the log accepted
 * before it. Epoch ms by the log's clock, at most `until`. A walk that begins afterwards finds these notifications.
 */
export const createWatermark =
  (stream: Pick<Stream, 'waiting'>) =>
  async (work: OperationWork): Promise<number> => {
    if (work.watermark !== undefined) return work.watermark
    if (!waitsForLog(work)) return work.until
    const { oldest } = await stream.waiting()
    const unread = [...oldest].flatMap(([queue, at]) => (queue.startsWith('notify-') ? [at] : []))
    return Math.min(work.until, ...unread)
  }
