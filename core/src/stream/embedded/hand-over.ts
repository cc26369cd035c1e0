import type { Message, Published } from '../port.ts'
import type { Routed } from './append.ts'
import type { EmbeddedQueues } from './queues.ts'
import type { Unwritten } from './unwritten.ts'

/**
 * Gives checked notifications of one queue to readers of this process without writing them. Returns undefined if others wait for
 * the readers already, or do not fit; otherwise resolves when all are durable. `next` returns the next sequence.
 */
export const createHandOver =
  ({
    queues,
    unwritten,
    next,
    now,
  }: {
    queues: Pick<EmbeddedQueues, 'hasRoom' | 'give'>
    unwritten: Unwritten
    next(): number
    now(): number
  }) =>
  (all: readonly Routed[]): Promise<Published[]> | undefined => {
    const [{ queue } = {}] = all
    if (!queue || !all.every((each) => each.checked && each.queue === queue)) return undefined
    if (!queues.hasRoom(queue, all.length)) return undefined
    const at = now()
    const messages = all.map(({ subject, data, headers, checked }): Message => {
      const message: Message = { queue, subject, data, sequence: next(), appendedAt: at, deliveries: 1 }
      if (headers) message.headers = headers
      if (checked) message.checked = checked
      return message
    })
    queues.give(queue, messages)
    return unwritten
      .add(messages)
      .then(() => messages.map(({ sequence }) => ({ sequence, duplicate: false })))
  }
