import { ProblemError } from '@carillon/core/errors'
import type { DeadReason, Message, Reader } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { createAcks } from './acks.ts'
import { deadReasonOf } from './dead-letter.ts'
import { type Outages, type Pauses, pauseMs } from './outages.ts'

/** A message delivered this often has failed, or ended its process, on every previous delivery. */
export const MAX_DELIVERIES = 8
const RETRY_PAUSES: Pauses = { firstMs: 500, capMs: 30_000 }

const SPENT: DeadReason = {
  code: 'too_many_attempts',
  detail: `delivered more than ${MAX_DELIVERIES} times`,
}

/** A message that is done, or refused permanently with a reason. */
export type Finished = { message: Message; reason?: DeadReason }

/** The fault policy of every queue: handled messages are acknowledged, dead-lettered, or retried with a delay. */
export const createFaultPolicy = (
  reader: Reader,
  { outages, log, metrics }: { outages: Outages; log: Log; metrics: Metrics },
  retryPauses: Pauses = RETRY_PAUSES,
) => {
  const { queue } = reader
  const ack = createAcks((messages) => outages.through(() => reader.ack(messages)))

  const deadLetter = async (letters: readonly { message: Message; reason: DeadReason }[]) => {
    await outages.through(() => reader.deadLetter(letters))
    for (const { reason } of letters) metrics.deadLetters.inc({ code: reason.code })
    log.warn({ queue, letters: letters.length, first: letters[0]!.reason }, 'messages are dead-lettered')
  }

  const finish = async (finished: readonly Finished[]): Promise<void> => {
    const done: Message[] = []
    const dead: { message: Message; reason: DeadReason }[] = []
    for (const { message, reason } of finished)
      if (reason) dead.push({ message, reason })
      else done.push(message)
    if (dead.length === 0) return done.length > 0 ? ack(done) : undefined
    await Promise.all([done.length > 0 ? ack(done) : undefined, deadLetter(dead)])
  }

  return {
    finish,

    /** Dead-letters messages that were delivered too often, and resolves with the others. */
    withoutSpent: async (messages: readonly Message[]): Promise<readonly Message[]> => {
      const spent = messages.filter(({ deliveries }) => deliveries > MAX_DELIVERIES)
      if (spent.length === 0) return messages
      await deadLetter(spent.map((message) => ({ message, reason: SPENT })))
      return messages.filter(({ deliveries }) => deliveries <= MAX_DELIVERIES)
    },

    /**
     * Dead-letters a message that failed permanently or for the last time. Retries any other with a growing
     * delay.
     */
    fail: async (message: Message, error: unknown): Promise<void> => {
      const { sequence, deliveries } = message
      const refused = error instanceof ProblemError && !error.problem.temporary
      if (refused || deliveries >= MAX_DELIVERIES) {
        const { reason, reference } = deadReasonOf(error, deliveries)
        if (reference) log.error({ err: error, queue, sequence, reference }, 'a message is given up')
        return deadLetter([{ message, reason }])
      }
      log.error({ err: error, queue, sequence, deliveries }, 'a message failed and will be tried again')
      metrics.retried.inc({ queue })
      await outages.through(() => reader.retry([message], pauseMs(retryPauses, deliveries - 1)))
    },
  }
}
