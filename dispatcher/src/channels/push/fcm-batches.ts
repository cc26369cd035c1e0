import type { Outcome } from '@carillon/core/delivery/provider'
import type { Message, SendResponse } from 'firebase-admin/messaging'

/** The maximum number of messages that `sendEach` accepts. */
const BATCH_MAX = 500

type Queued = {
  message: Message
  /** Whether the message is part of a batch that is being sent. */
  sending: boolean
  done(outcome: Outcome): void
  failed(error: unknown): void
}

/**
 * Returns a function that sends a message in one batch with all others of the same turn of the event loop. A
 * message that is aborted or exceeds `totalMs` is in doubt if its batch is being sent; otherwise it is
 * retried.
 */
export const batchSender = ({
  sendEach,
  outcomeOf,
  totalMs,
}: {
  /** Sends messages and resolves with one response for each, in order. */
  sendEach(messages: Message[]): Promise<SendResponse[]>
  outcomeOf(response: SendResponse): Outcome
  totalMs: number
}): ((message: Message, signal: AbortSignal) => Promise<Outcome>) => {
  const queue: Queued[] = []

  const flush = async () => {
    const batch = queue.splice(0, BATCH_MAX)
    if (queue.length > 0) setImmediate(flush)
    for (const queued of batch) queued.sending = true
    if (batch.length === 0) return
    try {
      const responses = await sendEach(batch.map(({ message }) => message))
      for (const [index, queued] of batch.entries()) {
        const response = responses[index]
        if (response) queued.done(outcomeOf(response))
      }
    } catch (error) {
      for (const queued of batch) queued.failed(error)
    }
  }

  return (message, signal) =>
    new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const queued: Queued = {
        message,
        sending: false,
        done: (outcome) => {
          settle()
          resolve(outcome)
        },
        failed: (error) => {
          settle()
          reject(error)
        },
      }
      const giveUp = (detail: string) => {
        if (!queued.sending) queue.splice(queue.indexOf(queued), 1)
        queued.done({ outcome: queued.sending ? 'doubt' : 'retry', reason: 'timeout', detail })
      }
      const onAbort = () => giveUp('aborted before a response')
      const timer = setTimeout(giveUp, totalMs, `no response within ${totalMs / 1_000} s`)
      signal.addEventListener('abort', onAbort, { once: true })
      if (queue.push(queued) === 1) setImmediate(flush)
      if (signal.aborted) onAbort()
    })
}
