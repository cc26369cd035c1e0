import { randomUUID } from 'node:crypto'
import { parse } from '@carillon/schemas'
import { deadline, type NatsConnection } from '@nats-io/transport-node'
import { z } from 'zod'
import { linkOf } from '../../nats/connection.ts'
import { inProcessInvalidations } from './in-process.ts'
import { Change, type Changes, type Invalidations } from './port.ts'

/** How long a write waits until the server has taken what it announces. */
const FLUSH_LIMIT_MS = 1_000

const Announcement = z.object({ from: z.string(), changes: z.union([z.literal('all'), z.array(Change)]) })

const read = (data: Uint8Array): { from?: string; changes: Changes } => {
  try {
    const parsed = parse(Announcement, JSON.parse(new TextDecoder().decode(data)))
    if (parsed.success) return parsed.data
  } catch {
    // Not JSON: the same as any other announcement that cannot be read.
  }
  return { changes: 'all' }
}

/**
 * Invalidations over core NATS, on a subject of the installation. The server hands a change to every connection before
 * `publish` resolves, so what it stores later reaches no process of that server ahead of it. Resolves when the
 * subscription stands. The connection stays the caller's to close; `onError` hears of changes that could not be
 * announced.
 */
export const natsInvalidations = async (parts: {
  connection: NatsConnection
  namespace: string
  onError?: (error: unknown) => void
}): Promise<Invalidations> => {
  const { connection, namespace, onError } = parts
  const subject = `invalidate.${namespace}`
  const self = randomUUID()
  const link = linkOf(connection)
  const local = inProcessInvalidations()
  /** Others have missed a change of this process. */
  let owed = false

  const announce = async (changes: Changes) => {
    try {
      await link.during(() => {
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
  const forget = link.onUp(() => {
    void local.publish('all')
    if (!owed) return
    owed = false
    void announce('all')
  })
  await link.during(() => connection.flush())

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
