import type { Queue } from '@carillon/schemas'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { UnavailableError } from '../../errors.ts'
import type { ConnectionState } from '../../nats/connection.ts'
import type { DeadReason, Message, Reader } from '../port.ts'
import { readyMessages } from '../ready.ts'
import { ACK, NAK, nakAfter, TERM } from './acks.ts'
import { heldMessages } from './held.ts'
import { deliveredMessage } from './message.ts'
import type { Names } from './names.ts'
import { pullMessages } from './pull.ts'
import type { Source } from './streams.ts'

type Options = {
  connection: NatsConnection
  connectionState: ConnectionState
  names: Names
  source: Source
  queue: Queue
  buffer: number
  ackWaitMs: number
  /** Creates the queue's consumer if it does not exist. */
  declare(): Promise<unknown>
  /** Stores dead letters. */
  deposit(letters: readonly { message: Message; reason: DeadReason }[]): Promise<void>
  /** Called once the reader has stopped and holds nothing. */
  onEnd(): void
}

/** A Reader that can also abandon all of its messages. */
export type JetstreamReader = Reader & { abandon(): void }

/** Reads the queue's consumer. Extends the ack wait of messages until they are finished. */
export const jetstreamReader = (options: Options): JetstreamReader => {
  const { connection, connectionState, names, source, queue, buffer, ackWaitMs, deposit, onEnd } = options
  const held = heldMessages({ connection, connectionState, ackWaitMs })
  const ready = readyMessages()
  let closed = false

  const receive = (raw: Msg, reply: string) => {
    // The subscription has ended; these were in flight.
    if (closed) return connection.publish(reply, NAK)
    const message = deliveredMessage(raw, reply, { queue, names, source })
    if (!message) return
    // Redelivered while still held: processing continues.
    if (!held.add(message.sequence, reply)) return
    // The client has parsed the whole packet when the listener is called, so messages of one packet form one
    // batch.
    ready.push(message)
  }

  const incoming = pullMessages({
    connection,
    connectionState,
    stream: source.stream,
    consumer: names.consumer(queue),
    buffer,
    room: () => buffer - held.size,
    declare: options.declare,
    receive,
  })

  const ticking = setInterval(() => {
    const now = Date.now()
    if (connectionState.up) held.renew(now)
    incoming.checkHeartbeat(now)
    if (closed && held.size === 0) abandon()
  }, ackWaitMs / 4)

  const abandon = () => {
    closed = true
    clearInterval(ticking)
    incoming.stop()
    onEnd()
  }

  const letGo = (messages: readonly Message[]) => {
    held.release(messages)
    incoming.pull()
  }

  const finish = async (messages: readonly Message[], type: Uint8Array) => {
    await held.acknowledge(messages, type)
    letGo(messages)
  }

  const giveBack = async (messages: readonly Message[], type: Uint8Array) => {
    const acknowledged = held.acknowledge(messages, type)
    // Released first: redelivery may arrive before the server's confirmation.
    letGo(messages)
    await acknowledged
  }

  return {
    queue,
    get ready() {
      return ready.count
    },
    take: ready.take,
    onReady: ready.onReady,
    ack: (messages) => finish(messages, ACK),
    retry: (messages, delayMs) => giveBack(messages, delayMs > 0 ? nakAfter(delayMs) : NAK),
    deadLetter: async (letters) => {
      await connectionState.whileUp(() => deposit(letters))
      await finish(
        letters.map(({ message }) => message),
        TERM,
      )
    },
    close: async () => {
      if (closed) return
      closed = true
      const untaken = ready.takeAll()
      try {
        await incoming.drain()
        await giveBack(untaken, NAK)
      } catch (error) {
        // The server redelivers them once their ack wait ends.
        if (!(error instanceof UnavailableError)) throw error
      }
      if (held.size === 0) abandon()
    },
    abandon,
  }
}
