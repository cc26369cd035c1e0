import { randomBytes } from 'node:crypto'
import { announced } from '@carillon/core/cache/invalidation/announced'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import type { Clock } from '@carillon/core/clock'
import type { Providers, Tools } from '@carillon/core/delivery/provider'
import { createHttp } from '@carillon/core/http/client'
import { memoryLimits } from '@carillon/core/limits/memory'
import { inProcessLive } from '@carillon/core/live/in-process'
import { standaloneServer } from '@carillon/core/live/server'
import { timesMessage } from '@carillon/core/preferences/times-message'
import { newTenant } from '@carillon/core/security/new-tenant'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import type { Store } from '@carillon/core/store/port'
import type { StoredAccount } from '@carillon/core/store/ports/accounts'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import type { Stream } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { type NotificationInput, notifySubject, type Priority, type UserProfile } from '@carillon/schemas'
import { PROVIDERS } from '../channels/providers.ts'
import { type DispatcherOptions, startDispatcher } from '../dispatcher.ts'

/**
 * Opens a dispatcher on the embedded parts, with its own tenant. `wrap` may inject faults into the store;
 * `stream` replaces the embedded event log; `clock` is that of the log.
 */
export const openWorld = async (
  options: Partial<DispatcherOptions> & {
    wrap?: (store: Store) => Store
    stream?: Stream
    providers?: Providers
    capture?: Tools['capture']
    clock?: Clock
  } = {},
) => {
  const database = openDatabase(':memory:')
  const seal = createSeal('a secret only for tests')
  const invalidations = inProcessInvalidations()
  const bare = announced(sqliteStore({ database, seal, retention: 90 * 86_400_000 }), invalidations)
  await bare.migrate()
  const store = options.wrap?.(bare) ?? bare
  const stream =
    options.stream ?? embeddedStream({ database, ...(options.clock && { clock: options.clock }) })
  const http = createHttp({ allow: ['*'] })
  const live = inProcessLive({ io: standaloneServer() })
  const tenant = `t-${randomBytes(6).toString('hex')}`
  await bare.tenants.put(newTenant(tenant))
  const ports = {
    stream,
    store,
    live,
    cache: createSettingsCache(store, invalidations),
    invalidations,
    seal,
    limits: memoryLimits(),
    http,
    providers: options.providers ?? PROVIDERS,
    capture: options.capture,
    log: createLog({ level: 'silent', role: 'test' }),
    metrics: createMetrics(),
  }
  const start = () =>
    startDispatcher(ports, {
      unknownTypes: 'accept',
      insecureLinks: 'accept',
      retentionMs: 86_400_000,
      ...options,
    })
  let dispatcher = await start()
  const encoder = new TextEncoder()
  const raw = (subject: string, data: string | Uint8Array, dedupe?: string) =>
    stream.publish([{ subject, data: typeof data === 'string' ? encoder.encode(data) : data, dedupe }])
  const titles = async (user: string, of = tenant) =>
    (await bare.inbox.page({ tenant: of, user }, { status: 'active', limit: 100 })).items.map(
      ({ title }) => title,
    )
  const schedule = options.stream
    ? undefined
    : database.handle.prepare('SELECT MIN(at) AS at FROM stream_schedules')
  /** Returns when the embedded log has something to do next, epoch ms; undefined if nothing waits in it. */
  const dueAt = () => (schedule?.get() as { at: number | null } | undefined)?.at ?? undefined

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
    /** Tells the dispatcher that the times of a user have changed, as a hub does. */
    rescheduleWindows: (user: string) => stream.publish([timesMessage(tenant, user, Date.now() - 2_000)]),
    dueAt,
    /** Resolves when every queue is empty, and no schedule of the embedded log is due. */
    quiet: async () => {
      const isDue = () => (dueAt() ?? Infinity) <= Date.now()
      while (isDue() || [...(await stream.backlog()).values()].some((waiting) => waiting > 0))
        await new Promise((resolve) => setTimeout(resolve, 5))
    },
    /** Adds an account to the tenant. */
    account: async (provider: string, more: Partial<StoredAccount> = {}) => {
      const channels = [...((options.providers ?? PROVIDERS).get(provider)?.channels ?? [])]
      await bare.accounts.put(tenant, {
        id: provider,
        provider,
        channels,
        order: 100,
        config: {},
        ...more,
      })
    },
    /** Sets the URL of the tenant's app. */
    appUrl: async (url: string) => {
      await bare.tenants.putSettings(tenant, { url: new URL(url).href })
    },
    person: (user: string, profile: UserProfile) => bare.users.put(tenant, { id: user, profile }),
    /** Returns the ledger of one notification for one user. */
    ledger: async (notification: string, user: string) =>
      (await bare.deliveries.list(tenant, { id: notification, toAudience: false, user }, { limit: 100 }))
        .deliveries,
    deadLetters: async () => (await stream.deadLetters({ limit: 100 })).map(({ reason }) => reason),
    /** Stops the dispatcher and starts another one. */
    restart: async (meanwhile?: () => Promise<void>) => {
      await dispatcher.stop()
      await meanwhile?.()
      dispatcher = await start()
    },
    /** Stops the dispatcher. */
    stop: () => dispatcher.stop(),
    close: async () => {
      await dispatcher.stop()
      await http.close()
      await live.close()
      await stream.close()
      await bare.close()
      await database.close()
    },
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>
