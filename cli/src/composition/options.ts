import type { DispatcherOptions } from '@carillon/dispatcher/dispatcher'
import type { HubOptions } from '@carillon/hub/hub'
import type { Config } from '../config/config.ts'

/** The client SDK's files for browsers, built by `npm run bundle`. */
const browserFiles = () => new URL('.', import.meta.resolve('@carillon/client/browser/client'))

/** Returns the options of a hub. */
export const hubOptions = (config: Config, secret: string): HubOptions => ({
  secret,
  origins: config.origins,
  trustedProxies: config.trustedProxies,
  socketsPerAddress: config.socketsPerAddress,
  requestRates: config.requestRates,
  unknownTypes: config.unknownTypes ?? 'refuse',
  insecureLinks: config.insecureLinks ?? 'refuse',
  publicUrl: config.publicUrl,
  anyPushOrigin: config.allowedTargets?.includes('*'),
  browserFiles: browserFiles(),
})

/** Returns the options of a dispatcher. */
export const dispatcherOptions = (config: Config): DispatcherOptions => ({
  unknownTypes: config.unknownTypes ?? 'refuse',
  insecureLinks: config.insecureLinks ?? 'refuse',
  retentionMs: config.retentionMs,
  rates: config.rates,
  retries: config.retries,
  publicUrl: config.publicUrl,
})
