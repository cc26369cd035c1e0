import { deadline, type NatsConnection } from '@nats-io/transport-node'
import { type ConnectionState, TIME_LIMIT_MS } from '../../nats/connection.ts'
import type { Message } from '../port.ts'
import { WORKING } from './acks.ts'

type Options = { connection: NatsConnection; connectionState: ConnectionState; ackWaitMs: number }

/** Tracks the ack subjects of delivered messages, taken or not, until they are released. */
export const heldMessages = ({ connection, connectionState, ackWaitMs }: Options) => {
  const held = new Map<number, { reply: string; renewed: number }>()
  return {
    get size() {
      return held.size
    },

    /** Returns false if the message is already held and was redelivered: only its ack subject changes. */
    add: (sequence: number, reply: string): boolean => {
      const already = held.get(sequence)
      if (already) already.reply = reply
      else held.set(sequence, { reply, renewed: Date.now() })
      return !already
    },

    /** Extends the ack wait of messages that have used a third of it. */
    renew: (now: number): void => {
      for (const each of held.values())
        if (now - each.renewed >= ackWaitMs / 3) {
          connection.publish(each.reply, WORKING)
          each.renewed = now
        }
    },

    /** Sends an acknowledgement of this type for each held message. Resolves when the server has confirmed them. */
    acknowledge: (messages: readonly Message[], type: Uint8Array): Promise<void> =>
      connectionState.whileUp(() => {
        for (const { sequence } of messages) {
          const reply = held.get(sequence)?.reply
          if (reply) connection.publish(reply, type)
        }
        return deadline(connection.flush(), TIME_LIMIT_MS)
      }),

    release: (messages: readonly Message[]): void => {
      for (const { sequence } of messages) held.delete(sequence)
    },
  }
}
