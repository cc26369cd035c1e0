import { announced } from '@carillon/core/cache/invalidation/announced'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import type { Log } from '@carillon/core/telemetry/log'
import { openAdapters } from './adapters.ts'
import type { Context } from './context.ts'
import { untilAvailable } from './until-available.ts'

/** Loaded on demand, because the providers import half of the program. */
const loadProviders = async () => (await import('@carillon/dispatcher/channels/providers')).PROVIDERS

/**
 * Opens the parts that every role needs. NATS is opened first, so that its connection is closed last and a
 * draining process can still ack and publish. Then come the store and the event log of the installation that
 * it records.
 */
const openBase = async (open: ReturnType<typeof openAdapters>, log: Log, options: { migrate: boolean }) => {
  const connection = await untilAvailable(log, 'event log', () => open.openNats())
  const { store, namespace } = await open.openInstallation(options)
  const streams = await untilAvailable(log, 'event log', () => open.openStream(namespace, connection))
  const invalidations = await untilAvailable(log, 'event log', () =>
    open.openInvalidations(namespace, connection),
  )
  const announcing = announced(store, invalidations)
  const cache = createSettingsCache(announcing, invalidations)
  return { namespace, base: { store: announcing, invalidations, cache, ...streams } }
}

/** Opens everything that a hub needs. Waits for servers that are not up yet. With `migrate` it migrates the store. */
export const openHubParts = async (
  context: Context,
  { file, migrate = false }: { file?: string; migrate?: boolean } = {},
) => {
  const { log } = context
  const open = openAdapters(context, file)
  const { namespace, base } = await openBase(open, log, { migrate })
  const { live, io } = await untilAvailable(log, 'live bus', () => open.openEdge(namespace))
  const { limits, requests } = await untilAvailable(log, 'live bus', () => open.openLimits(namespace))
  const http = open.openHttp()
  const providers = await loadProviders()
  const { seal, openCaptured } = open
  return { ...base, live, io, limits, requests, http, seal, providers, openCaptured }
}

/** Opens everything that a dispatcher needs. Waits for servers that are not up yet. The event log is closed last. */
export const openDispatcherParts = async (context: Context) => {
  const { log } = context
  const open = openAdapters(context)
  const { namespace, base } = await openBase(open, log, { migrate: false })
  const live = await untilAvailable(log, 'live bus', () => open.openLive(namespace))
  const { limits } = await untilAvailable(log, 'live bus', () => open.openLimits(namespace))
  const http = open.openHttp()
  const providers = await loadProviders()
  return { ...base, live, limits, http, seal: open.seal, providers }
}
