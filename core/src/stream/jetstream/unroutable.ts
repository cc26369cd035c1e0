import { parseNotifySubject, queueOf, SubjectError } from '@carillon/schemas'
import type { JetStreamManager } from '@nats-io/jetstream'
import { UnavailableError } from '../../errors.ts'
import type { ConnectionState } from '../../nats/connection.ts'
import type { DeadReason, Message } from '../port.ts'
import type { Source } from './streams.ts'

type Deposit = (letters: readonly { message: Message; reason: DeadReason }[]) => Promise<void>

/** Maximum number of messages per subject and sweep. */
const PER_SUBJECT = 1_000

/** Returns why a subject is unroutable; undefined if a queue reads it. */
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
 * Moves messages on unroutable subjects, such as a misspelled priority, to the dead letters. A NOTIFY stream
 * stores whatever is published below `notify`; the sweep finds such subjects in the stream's subject list.
 * Idempotent: concurrent sweeps leave one letter per message. Resolves to the reasons of the messages that this call removed.
 */
export const sweepUnroutable = async (
  manager: JetStreamManager,
  { stream, origin }: Source,
  deposit: Deposit,
): Promise<DeadReason[]> => {
  const reasons: DeadReason[] = []
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
      const reason: DeadReason = { code: 'subject_invalid', detail }
      await deposit([{ message, reason }])
      // Another process may have deleted it already, and then counts it.
      if (await manager.streams.deleteMessage(stream, stored.seq, false).catch(() => false))
        reasons.push(reason)
      seq = stored.seq + 1
    }
  }
  return reasons
}

/** Sweeps every `everyMs` until stopped. A failed sweep is reported, and the next one retries. */
export const startSweeping = (
  connectionState: ConnectionState,
  everyMs: number,
  sweep: () => Promise<void>,
): { stop(): Promise<void> } => {
  let current = Promise.resolve()
  const run = async () => {
    try {
      await connectionState.whileUp(sweep)
    } catch (error) {
      if (!(error instanceof UnavailableError))
        process.emitWarning(`a sweep of unroutable subjects failed: ${String(error)}`)
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
