import { setTimeout as sleep } from 'node:timers/promises'
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node'
import { type ConnectionState, inboxPrefixOf } from '../../nats/connection.ts'

/** Expiry of a pull request, and the interval of the server's idle heartbeats. */
const PULL_EXPIRES_MS = 30_000
const HEARTBEAT_MS = 5_000
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5_000

const HEARTBEAT = 100
/** Status codes that end a pull request normally. */
const PULL_ENDS = [404, 408]

type Options = {
  connection: NatsConnection
  connectionState: ConnectionState
  stream: string
  consumer: string
  buffer: number
  /** Returns how many more messages fit into the buffer. */
  room(): number
  /** Creates the consumer if it does not exist. */
  declare(): Promise<unknown>
  /** Called with each message and its ack subject. */
  receive(message: Msg, reply: string): void
}

/**
 * Pulls messages from a consumer. Requests exactly as many as fit into the buffer, so the bound always holds. While there is
 * room a request is outstanding, so an idle reader gets a message as soon as it is stored. If the server may have lost the
 * request (a reconnection, a missed heartbeat, a deleted consumer), it starts over with a new inbox, which replies to old
 * requests do not reach.
 */
export const pullMessages = (options: Options) => {
  const { connection, connectionState, stream, consumer, buffer, declare, receive } = options
  const next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
  let subscription: Subscription | undefined
  /** Messages that outstanding requests may still deliver. */
  let requested = 0
  let heard = 0
  let closed = false
  let restarting = false
  let wait = 0

  const pull = () => {
    const room = options.room() - requested
    if (closed || !subscription || !connectionState.up || room <= 0 || (requested > 0 && room < buffer / 4))
      return
    requested += room
    const request = { batch: room, expires: nanos(PULL_EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }
    connection.publish(next, JSON.stringify(request), { reply: subscription.getSubject() })
  }

  const listen = () => {
    const inbox = connection.subscribe(createInbox(inboxPrefixOf(connection)), {
      callback: (error, raw) => {
        if (inbox !== subscription) return
        heard = Date.now()
        if (error) return restart()
        if (raw.reply) {
          wait = 0
          if (requested > 0) requested--
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

  const unsubscribe = () => {
    const old = subscription
    subscription = undefined
    if (!connection.isClosed()) old?.unsubscribe()
  }

  const restart = () => {
    if (restarting || closed) return
    restarting = true
    unsubscribe()
    listenAgain().catch((error) => {
      restarting = false
      process.emitWarning(`the reader of ${consumer} failed to restart and will retry: ${String(error)}`)
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

  const forget = connectionState.onReconnect(() => {
    wait = 0
    restart()
  })
  listen()
  return {
    /** Requests messages if there is room. */
    pull,
    /** Starts over if the server has stopped sending heartbeats. */
    checkHeartbeat: (now: number) => {
      if (connectionState.up && requested > 0 && now - heard > 2.5 * HEARTBEAT_MS) restart()
    },
    /** Resolves when no message arrives any more. */
    drain: async () => {
      closed = true
      await subscription?.drain()
      subscription = undefined
    },
    stop: () => {
      closed = true
      forget()
      unsubscribe()
    },
  }
}
