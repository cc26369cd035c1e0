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
import { inboxPrefixOf, type Link, TIME_LIMIT_MS } from '../../nats/connection.ts'
import { type Headers, isKept } from '../headers.ts'
import type { DeadReason, Message, Reader } from '../port.ts'
import { ACK, NAK, nakAfter, position, TERM, WORKING } from './acks.ts'
import type { Names } from './names.ts'
import type { Source } from './streams.ts'

/** How long a pull request stays with the server, and how often the server says meanwhile that it has it. */
const PULL_EXPIRES_MS = 30_000
const HEARTBEAT_MS = 5_000
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5_000

const HEARTBEAT = 100
/** Ends of a pull request that are nothing special: expired, or nobody was listening any more. */
const PULL_ENDS = [404, 408]

type Held = { message: Message; reply: string; renewed: number }

type Options = {
  connection: NatsConnection
  link: Link
  names: Names
  source: Source
  queue: Queue
  buffer: number
  ackWaitMs: number
  /** Makes sure that the queue's consumer exists. */
  declare(): Promise<unknown>
  /** Copies messages into the dead letters. */
  deposit(letters: readonly { message: Message; reason: DeadReason }[]): Promise<void>
  /** Nothing is held any more, and nothing will be. */
  onEnd(): void
}

/** A Reader, and a way to let go of everything at once. */
export type JetstreamReader = Reader & { abandon(): void }

/**
 * Pulls from the queue's consumer. It asks the server for exactly as many messages as there is room for, so the
 * bound holds whatever happens; a request always lies with the server while there is room, so an idle reader gets
 * a message the moment it is stored. Whenever the server may have forgotten the request (a reconnection, a missed
 * heartbeat, a consumer that is gone) it begins again with a new inbox, where no answer to an old request arrives.
 */
export const jetstreamReader = (options: Options): JetstreamReader => {
  const { connection, link, names, source, queue, buffer, ackWaitMs, declare, deposit, onEnd } = options
  const next = `$JS.API.CONSUMER.MSG.NEXT.${source.stream}.${names.consumer(queue)}`
  /** By sequence: everything this reader has not finished, taken or not. */
  const held = new Map<number, Held>()
  let ready: Message[] = []
  let listener = () => {}
  let subscription: Subscription | undefined
  /** Messages the server may still send for requests it has. */
  let requested = 0
  let heard = 0
  let closed = false

  const pull = () => {
    const room = buffer - held.size - requested
    if (closed || !subscription || !link.up || room <= 0 || (requested > 0 && room < buffer / 4)) return
    requested += room
    const request = { batch: room, expires: nanos(PULL_EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }
    connection.publish(next, JSON.stringify(request), { reply: subscription.getSubject() })
  }

  const receive = (raw: Msg, reply: string) => {
    if (requested > 0) requested--
    // The client has stopped to listen: these were under way.
    if (closed) return connection.publish(reply, NAK)
    const { sequence, appendedAt, deliveries } = position(reply)
    // Not from the consumer: anyone on the network can publish to an inbox.
    if (!(Number.isSafeInteger(sequence) && appendedAt > 0)) return
    const already = held.get(sequence)
    // The server lost sight of it for a while. The work goes on; only the address for the ack has changed.
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
    // After the client has read the whole packet, so that what came together is taken together.
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

  /** Waits longer each time, until something is heard again. Gives up with the link, which brings it back. */
  const listenAgain = async () => {
    let declared = false
    while (!declared && !closed && link.up) {
      await sleep(wait * (0.5 + Math.random()))
      wait = Math.min(wait * 2 + RETRY_FIRST_MS, RETRY_LAST_MS)
      try {
        await declare()
        declared = true
      } catch {
        // The port's promise: while the log is out of reach readers wait. `check` says why.
      }
    }
    restarting = false
    if (declared && !closed) listen()
  }

  /** Keeps what is held, and notices a server that has stopped to answer. */
  const tick = () => {
    const now = Date.now()
    if (link.up)
      for (const each of held.values())
        if (now - each.renewed >= ackWaitMs / 3) {
          connection.publish(each.reply, WORKING)
          each.renewed = now
        }
    if (link.up && requested > 0 && now - heard > 2.5 * HEARTBEAT_MS) restart()
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

  /** Resolves when the server has taken it. */
  const say = (messages: readonly Message[], verdict: Uint8Array) =>
    link.during(() => {
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
    // At once: they may come again before the server says that it has taken it.
    letGo(messages)
    await said
  }

  const forget = link.onUp(() => {
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
      await link.during(() => deposit(letters))
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
        // The server gives them to others by itself when it hears no more from us.
        if (!(error instanceof UnavailableError)) throw error
      }
      subscription = undefined
      if (held.size === 0) abandon()
    },
    abandon,
  }
}

/** Those that belong to the message; undefined if there are none. */
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
