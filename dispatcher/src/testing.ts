import { randomBytes } from 'node:crypto'
import { inProcessLive } from '@carillon/core/live/in-process'
import { standaloneServer } from '@carillon/core/live/server'
import { createDirectory } from '@carillon/core/security/directory'
import { createSeal } from '@carillon/core/security/seal'
import { newTenant } from '@carillon/core/security/user-tokens'
import { openDatabase } from '@carillon/core/sqlite/database'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { type NotificationInput, notifySubject, type Priority } from '@carillon/schemas'
import { type DispatcherOptions, startDispatcher } from './dispatcher.ts'

/** A dispatcher on the embedded parts, with a tenant of its own. `wrap` may put faults around the store. */
export const openWorld = async (
  options: Partial<DispatcherOptions> & { wrap?: (store: Store) => Store } = {},
) => {
  const database = openDatabase(':memory:')
  const bare = sqliteStore({ database, seal: createSeal('a secret only for tests') })
  await bare.migrate()
  const store = options.wrap?.(bare) ?? bare
  const stream = embeddedStream({ database })
  const live = inProcessLive({ io: standaloneServer() })
  const tenant = `t-${randomBytes(6).toString('hex')}`
  await bare.tenants.put(newTenant(tenant))
  const ports = {
    stream,
    store,
    live,
    directory: createDirectory(store),
    log: createLog({ level: 'silent', role: 'test' }),
    metrics: createMetrics(),
  }
  const start = () => startDispatcher(ports, { unknownTypes: 'accept', retentionMs: 86_400_000, ...options })
  let dispatcher = await start()
  const encoder = new TextEncoder()
  const raw = (subject: string, data: string | Uint8Array, dedupe?: string) =>
    stream.publish([{ subject, data: typeof data === 'string' ? encoder.encode(data) : data, dedupe }])
  const titles = async (user: string, of = tenant) =>
    (await bare.inbox.page({ tenant: of, user }, { status: 'active', limit: 100 })).map(({ title }) => title)

  return {
    ...ports,
    tenant,
    raw,
    titles,
    send: (notification: NotificationInput & { priority?: Priority }, dedupe?: string) =>
      raw(
        notifySubject(tenant, notification.priority ?? 'normal', notification.type),
        JSON.stringify(notification),
        dedupe,
      ),
    /** Resolves when every lane is empty. */
    quiet: async () => {
      while ([...(await stream.backlog()).values()].some((waiting) => waiting > 0))
        await new Promise((resolve) => setTimeout(resolve, 5))
    },
    deadLetters: async () => (await stream.deadLetters({ limit: 100 })).map(({ reason }) => reason),
    restart: async () => {
      await dispatcher.stop()
      dispatcher = await start()
    },
    close: async () => {
      await dispatcher.stop()
      await live.close()
      await stream.close()
      await bare.close()
      await database.close()
    },
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>
