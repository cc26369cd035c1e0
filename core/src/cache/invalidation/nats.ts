import { randomUUID } from 'node:crypto'
import { parse } from '@carillon/schemas'
import { deadline, type NatsConnection } from '@nats-io/transport-node'
import { z } from 'zod'
import { watchConnection } from '../../nats/connection.ts'
import { inProcessInvalidations } from './in-process.ts'
import { Change, type Changes, type Invalidations } from './port.ts'

/** How long a write waits for the server to confirm its invalidation. */
const FLUSH_LIMIT_MS = 1_000

const Announcement = z.object({ from: z.string(), changes: z.union([z.literal('all'), z.array(Change)]) })

const read = (data: Uint8Array): { from?: string; changes: Changes } => {
  try {
    const parsed = parse(Announcement, JSON.parse(new TextDecoder().decode(data)))
    if (parsed.success) return parsed.data
  } catch {
    // Not JSON: handled like any other unreadable message.
  }
  return { changes: 'all' }
}

/**
 * Returns invalidations over core NATS, on a subject of the installation. When `publish` resolves, the server
 * has passed the change to every connection, so processes on that server receive it before any later message.
 * The returned promise resolves when the subscription is active. The caller closes the connection. `onError`
 * is called for changes that could not be published.
 */
export const natsInvalidations = async (parts: {
  connection: NatsConnection
  namespace: string
  onError?: (error: unknown) => void
}): Promise<Invalidations> => {
  const { connection, namespace, onError } = parts
  const subject = `invalidate.${namespace}`
  const self = randomUUID()
  const connectionState = watchConnection(connection)
  const local = inProcessInvalidations()
  /** Whether other processes have missed a change of this one. */
  let owed = false

  const announce = async (changes: Changes) => {
    try {
      await connectionState.whileUp(() => {
        connection.publish(subject, JSON.stringify({ from: self, changes }))
        return deadline(connection.flush(), FLUSH_LIMIT_MS)
      })
    } catch (error) {
      owed = true
      onError?.(error)
    }
  }

  const subscription = connection.subscribe(subject, {
    callback: (error, message) => {
      const { from, changes }: ReturnType<typeof read> = error ? { changes: 'all' } : read(message.data)
      if (from !== self) void local.publish(changes)
    },
  })
  const forget = connectionState.onReconnect(() => {
    void local.publish('all')
    if (!owed) return
    owed = false
    void announce('all')
  })
  await connectionState.whileUp(() => connection.flush())

  return {
    publish: async (changes) => {
      void local.publish(changes)
      await announce(changes)
    },
    subscribe: local.subscribe,
    close: async () => {
      forget()
      if (!connection.isClosed()) subscription.unsubscribe()
      await local.close()
    },
  }
}
