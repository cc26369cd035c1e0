import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Stream } from '@carillon/core/stream/port'

/** Reports whether the operation has to wait for notifications that the log holds: nothing else stops or changes their items. */
const waitsForLog = ({ verb, target }: OperationWork): boolean =>
  target.notification === undefined &&
  (verb.kind === 'replace' || (verb.kind === 'recall' && target.user !== undefined))

/**
 * Returns a function that resolves with the time up to which dispatchers have read everything that the log accepted (epoch ms,
 * by the log's clock), at most the `until` of the operation. Those notifications are found by a walk that begins afterwards.
 */
export const createReadTo =
  (stream: Pick<Stream, 'waiting'>) =>
  async (work: OperationWork): Promise<number> => {
    if (work.readTo !== undefined) return work.readTo
    if (!waitsForLog(work)) return work.until
    const { oldest } = await stream.waiting()
    const unread = [...oldest].flatMap(([queue, at]) => (queue.startsWith('notify-') ? [at] : []))
    return Math.min(work.until, ...unread)
  }
