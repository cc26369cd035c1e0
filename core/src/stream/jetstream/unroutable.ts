import { parseNotifySubject, queueOf, SubjectError } from '@carillon/schemas'
import type { JetStreamManager } from '@nats-io/jetstream'
import { UnavailableError } from '../../errors.ts'
import type { Link } from '../../nats/connection.ts'
import type { DeadReason, Message } from '../port.ts'
import type { Source } from './streams.ts'

type Deposit = (letters: readonly { message: Message; reason: DeadReason }[]) => Promise<void>

/** How many messages of one subject a sweep takes at most; the rest waits for the next. */
const PER_SUBJECT = 1_000

/** Why no queue carries a subject; undefined when one does. */
const unroutable = (subject: string): string | undefined => {
  try {
    if (subject.split('.').length < 4) parseNotifySubject(subject)
    queueOf(subject)
    return undefined
  } catch (error) {
    if (error instanceof SubjectError) return error.message
    throw error
  }
}

/**
 * A NOTIFY stream stores whatever is published below `notify`, also on subjects that no queue reads, such as those with a
 * misspelt priority. A sweep finds these by the stream's list of subjects, which costs the queues nothing, and moves
 * their messages to the dead letters. Several processes may sweep at once: a message leaves one letter.
 */
export const sweepMisfits = async (
  manager: JetStreamManager,
  { stream, origin }: Source,
  deposit: Deposit,
): Promise<void> => {
  const { state } = await manager.streams.info(stream, { subjects_filter: 'notify.>' })
  for (const subject of Object.keys(state.subjects ?? {})) {
    const detail = unroutable(subject)
    if (detail === undefined) continue
    let seq = 1
    for (let taken = 0; taken < PER_SUBJECT; taken++) {
      const stored = await manager.direct.getMessage(stream, { seq, next_by_subj: subject })
      if (!stored) break
      const message: Message = {
        queue: 'notify-normal',
        subject,
        data: stored.data,
        sequence: stored.seq,
        appendedAt: stored.time.getTime(),
        deliveries: 1,
        ...(origin !== undefined && { origin }),
      }
      await deposit([{ message, reason: { code: 'subject_invalid', detail } }])
      // Another process may have been faster; then there is nothing left to delete.
      await manager.streams.deleteMessage(stream, stored.seq, false).catch(() => false)
      seq = stored.seq + 1
    }
  }
}

/** Sweeps every `everyMs` until stopped. What a sweep fails to do is left to the next one; faults are reported. */
export const startSweeping = (
  link: Link,
  everyMs: number,
  sweep: () => Promise<void>,
): { stop(): Promise<void> } => {
  let current = Promise.resolve()
  const run = async () => {
    try {
      await link.during(sweep)
    } catch (error) {
      if (!(error instanceof UnavailableError))
        process.emitWarning(`a sweep of unread subjects failed: ${String(error)}`)
    }
  }
  const timer = setInterval(() => {
    current = current.then(run)
  }, everyMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await current
    },
  }
}
