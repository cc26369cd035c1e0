import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from '@carillon/schemas'
import {
  createInbox,
  deadline,
  type Msg,
  type NatsConnection,
  nanos,
  type Subscription,
} from '@nats-io/transport-node'
import { UnavailableError } from '../../errors.ts'
import { type ConnectionState, inboxPrefixOf, TIME_LIMIT_MS } from '../../nats/connection.ts'
import { type Headers, isKept } from '../headers.ts'
import type { DeadReason, Message, Reader } from '../port.ts'
import { ACK, NAK, nakAfter, position, TERM, WORKING } from './acks.ts'
import type { Names } from './names.ts'
import type { Source } from './streams.ts'

/** Expiry of a pull request, and the interval of the server's idle heartbeats. */
const PULL_EXPIRES_MS = 30_000
const HEARTBEAT_MS = 5_000
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5_000

const HEARTBEAT = 100
/** Status codes that end a pull request normally. */
const PULL_ENDS = [404, 408]

type Held = { message: Message; reply: string; renewed: number }

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

/** A Reader that can also abandon everything it holds. */
export type JetstreamReader = Reader & { abandon(): void }

/**
 * Pulls from the queue's consumer. Requests exactly as many messages as fit into the buffer, so the bound always holds. While
 * there is room a request is outstanding, so an idle reader gets a message as soon as it is stored. If the server may have
 * lost the request (a reconnection, a missed heartbeat, a deleted consumer), the reader starts over with a new inbox, which
 * replies to old requests do not reach.
 */
export const jetstreamReader = (options: Options): JetstreamReader => {
  const { connection, connectionState, names, source, queue, buffer, ackWaitMs, declare, deposit, onEnd } =
    options
  const next = `$JS.API.CONSUMER.MSG.NEXT.${source.stream}.${names.consumer(queue)}`
  /** Unfinished messages by sequence, taken or not. */
  const held = new Map<number, Held>()
  let ready: Message[] = []
  let listener = () => {}
  let subscription: Subscription | undefined
  /** Messages that outstanding requests may still deliver. */
  let requested = 0
  let heard = 0
  let closed = false

  const pull = () => {
    const room = buffer - held.size - requested
    if (closed || !subscription || !connectionState.up || room <= 0 || (requested > 0 && room < buffer / 4))
      return
    requested += room
    const request = { batch: room, expires: nanos(PULL_EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }
    connection.publish(next, JSON.stringify(request), { reply: subscription.getSubject() })
  }

  const receive = (raw: Msg, reply: string) => {
    if (requested > 0) requested--
    // The subscription has ended; these were in flight.
    if (closed) return connection.publish(reply, NAK)
    const { sequence, appendedAt, deliveries } = position(reply)
    // Not from the consumer: any client can publish to an inbox.
    if (!(Number.isSafeInteger(sequence) && appendedAt > 0)) return
    const already = held.get(sequence)
    // Redelivered while still held. Processing continues; only the ack subject has changed.
    if (already) {
      already.reply = reply
      return
    }
    const dedupe = raw.headers?.get('Nats-Msg-Id')
    const headers = headersOf(raw)
    const message: Message = {
      queue,
      subject: names.unscoped(raw.subject),
      data: raw.data,
      sequence,
      appendedAt,
      deliveries,
      ...(source.origin !== undefined && { origin: source.origin }),
      ...(dedupe && { dedupe }),
      ...(headers && { headers }),
    }
    held.set(sequence, { message, reply, renewed: Date.now() })
    // Deferred until the client has read the whole packet, so that messages of one packet form one batch.
    if (ready.push(message) === 1) queueMicrotask(() => listener())
  }

  const listen = () => {
    const inbox = connection.subscribe(createInbox(inboxPrefixOf(connection)), {
      callback: (error, raw) => {
        if (inbox !== subscription) return
        heard = Date.now()
        if (error) return restart()
        if (raw.reply) {
          wait = 0
          receive(raw, raw.reply)
          return pull()
        }
        const status = raw.headers?.code ?? 0
        if (status !== HEARTBEAT && !PULL_ENDS.includes(status)) return restart()
        wait = 0
        if (status === HEARTBEAT) return
        requested = Math.max(0, requested - Number(raw.headers?.get('Nats-Pending-Messages') || 0))
        pull()
      },
    })
    subscription = inbox
    heard = Date.now()
    requested = 0
    pull()
  }

  let restarting = false
  let wait = 0
  const restart = () => {
    if (restarting || closed) return
    restarting = true
    const old = subscription
    subscription = undefined
    old?.unsubscribe()
    listenAgain().catch((error) => {
      restarting = false
      process.emitWarning(`a reader of ${queue} will start again: ${String(error)}`)
    })
  }

  /** Retries with growing pauses until the server responds. Stops with the connectionState, which restarts it. */
  const listenAgain = async () => {
    let declared = false
    while (!declared && !closed && connectionState.up) {
      await sleep(wait * (0.5 + Math.random()))
      wait = Math.min(wait * 2 + RETRY_FIRST_MS, RETRY_LAST_MS)
      try {
        await declare()
        declared = true
      } catch {
        // While the log is unreachable, readers wait; `check` reports the error.
      }
    }
    restarting = false
    if (declared && !closed) listen()
  }

  /** Extends the ack wait of held messages and detects a server that has stopped answering. */
  const tick = () => {
    const now = Date.now()
    if (connectionState.up)
      for (const each of held.values())
        if (now - each.renewed >= ackWaitMs / 3) {
          connection.publish(each.reply, WORKING)
          each.renewed = now
        }
    if (connectionState.up && requested > 0 && now - heard > 2.5 * HEARTBEAT_MS) restart()
    if (closed && held.size === 0) abandon()
  }
  const ticking = setInterval(tick, ackWaitMs / 4)

  const abandon = () => {
    closed = true
    clearInterval(ticking)
    forget()
    if (!connection.isClosed()) subscription?.unsubscribe()
    subscription = undefined
    onEnd()
  }

  /** Resolves when the server has confirmed it. */
  const say = (messages: readonly Message[], verdict: Uint8Array) =>
    connectionState.whileUp(() => {
      for (const { sequence } of messages) {
        const reply = held.get(sequence)?.reply
        if (reply) connection.publish(reply, verdict)
      }
      return deadline(connection.flush(), TIME_LIMIT_MS)
    })

  const letGo = (messages: readonly Message[]) => {
    for (const { sequence } of messages) held.delete(sequence)
    pull()
  }

  const finish = async (messages: readonly Message[], verdict: Uint8Array) => {
    await say(messages, verdict)
    letGo(messages)
  }

  const giveBack = async (messages: readonly Message[], verdict: Uint8Array) => {
    const said = say(messages, verdict)
    // Released first: redelivery may arrive before the server's confirmation.
    letGo(messages)
    await said
  }

  const forget = connectionState.onReconnect(() => {
    wait = 0
    restart()
  })
  listen()
  return {
    queue,
    get ready() {
      return ready.length
    },
    take: (max) => ready.splice(0, max),
    onReady: (given) => {
      listener = given
      if (ready.length > 0) queueMicrotask(given)
    },
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
      const untaken = ready
      ready = []
      try {
        await subscription?.drain()
        await giveBack(untaken, NAK)
      } catch (error) {
        // The server redelivers them once their ack wait ends.
        if (!(error instanceof UnavailableError)) throw error
      }
      subscription = undefined
      if (held.size === 0) abandon()
    },
    abandon,
  }
}

/** Returns the kept headers; undefined if there are none. */
const headersOf = ({ headers }: Msg): Headers | undefined => {
  let kept: Map<string, string> | undefined
  for (const key of headers?.keys() ?? []) {
    const name = key.toLowerCase()
    if (!isKept(name)) continue
    kept ??= new Map()
    kept.set(name, headers?.get(key) ?? '')
  }
  return kept
}
