import { hostname } from 'node:os'
import { join } from 'node:path'
import { newApiKey } from '@carillon/core/security/api-keys'
import { newTenant } from '@carillon/core/security/user-tokens'
import { requireFileLayout } from '@carillon/core/sqlite/installation'
import { createDirectory, makePrivate } from '@carillon/core/sqlite/private'
import type { Store } from '@carillon/core/store/port'
import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { CAPTURED_MAX, createCaptured } from '@carillon/hub/demo/captured'
import { createHub } from '@carillon/hub/hub'
import Libsql from 'libsql'
import { databaseFile, usesFile, whereabouts } from '../composition/context.ts'
import { openHubParts } from '../composition/roles.ts'
import type { Config } from '../config/config.ts'
import { type DevState, devState, newDevState } from '../config/dev-state.ts'
import { settings } from '../config/settings.ts'
import { say } from '../process/output.ts'
import { CommandError, refuse } from '../process/refuse.ts'
import { serve } from '../process/serve.ts'
import { browserFiles } from './hub.ts'

const TENANT = 'demo'
const USERS = ['ada', 'grace', 'linus']
/** So that mails and text messages to them have somewhere to go. The numbers are reserved for fiction. */
const PROFILES = USERS.map((id, index) => ({
  id,
  profile: { email: `${id}@example.com`, phone: `+1202555010${index}` },
}))

const prepareDataDir = (dataDir: string) => {
  try {
    createDirectory(dataDir)
  } catch (cause) {
    throw new CommandError(
      `the data directory cannot be created: ${(cause as Error).message}; choose another one with --data or CARILLON_DATA_DIR`,
      { cause },
    )
  }
}

/** Two processes on one embedded file would each deliver everything, so the first keeps a lock that dies with it. */
const lockDataDir = (dataDir: string) => {
  const file = join(dataDir, 'lock.db')
  makePrivate(file)
  const lock = new Libsql(file)
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch {
    refuse(`another carillon dev works on ${dataDir}; stop it, or choose another --data`)
  }
  return lock
}

/** The tenant of the demo page, and an API key that stays the same over restarts. */
const prepareTenant = async (
  store: Store,
  state: DevState,
  keep: (state: DevState) => void,
): Promise<string> => {
  if (!(await store.tenants.get(TENANT))) {
    await store.tenants.put(newTenant(TENANT))
    for (const user of PROFILES) await store.users.put(TENANT, user)
  }
  const id = state.apiKey?.split('.')[1]
  if (state.apiKey && id && (await store.tenants.key(TENANT, id))) return state.apiKey
  const { key, token } = newApiKey(TENANT, 'demo')
  await store.tenants.putKey(key)
  keep({ ...state, apiKey: token })
  return token
}

const banner = (config: Config, options: { url: string; apiKey: string; file: string; demo: boolean }) => {
  const { url, apiKey, file, demo } = options
  const parts = Object.entries(whereabouts(config, file)).map(
    ([part, where]) => `  ${part.padEnd(10)} ${where.replace(/\/\/[^@/]*@/, '//…@')}`,
  )
  return [
    '',
    demo ? `  Carillon is ready: open ${url}` : `  Carillon is ready at ${url}`,
    '',
    '  Ring a bell:',
    '',
    `    curl ${url}/v1/notifications \\`,
    `      -H 'authorization: Bearer ${apiKey}' \\`,
    `      -H 'content-type: application/json' \\`,
    `      -d '{"to":"ada","type":"greeting","title":"Hello, Ada"}'`,
    '',
    ...parts,
    file === ':memory:'
      ? '  NOT DURABLE: everything is gone when this process ends'
      : '  durable: survives restarts and kill -9',
    '',
  ].join('\n')
}

export const dev = (options: { port?: number; data?: string; memory?: true; demo: boolean }) => {
  const config = settings(options)
  const port = options.port ?? config.port ?? 4_000
  // Browsers take localhost for either.
  const listenOn = config.host === undefined ? ['127.0.0.1', '::1'] : [config.host]
  if (!options.memory) prepareDataDir(config.dataDir)
  // Before the first write to the data directory, so that older data stays as it is.
  if (!options.memory && usesFile(config)) requireFileLayout(databaseFile(config))
  const kept = devState(config.dataDir)
  const state = options.memory ? newDevState() : kept.open()
  const file = options.memory ? ':memory:' : databaseFile(config)
  const delayMs = config.drainDelayMs ?? 0
  return serve('dev', { config, secret: config.secret ?? state.secret, delayMs }, async (context) => {
    const { closers, log, metrics } = context
    if (!options.memory) {
      const lock = lockDataDir(config.dataDir)
      closers.add('lock', () => void lock.close())
    }
    const parts = await openHubParts(context, { file, allow: ['*'], migrate: true })
    const apiKey = await prepareTenant(parts.store, state, options.memory ? () => {} : kept.write)
    const unknownTypes = config.unknownTypes ?? 'accept'
    const insecureLinks = config.insecureLinks ?? 'accept'
    const url = `http://localhost:${port}`
    const publicUrl = config.publicUrl ?? url
    const captures = parts.openCaptured(CAPTURED_MAX)
    const captured = createCaptured(CAPTURED_MAX, captures.list())
    captured.onAdd((message) => {
      captures.put(message).catch((err) => log.error({ err }, 'a captured message could not be kept'))
    })
    const dispatcher = await startDispatcher(
      { ...parts, log, metrics, capture: captured.add },
      {
        unknownTypes,
        insecureLinks,
        appUrl: publicUrl,
        retentionMs: config.retentionMs,
        rates: config.rates,
        retries: config.retries,
        publicUrl,
      },
    )
    closers.add('dispatcher', () => dispatcher.stop())
    const durable = options.memory ? 'nothing is kept' : `kept in ${config.dataDir}`
    const demo = options.demo
      ? {
          tenant: TENANT,
          url: publicUrl,
          apiKey,
          natsUrl: config.natsUrl ?? null,
          users: USERS,
          durable,
          captured,
        }
      : undefined
    const hub = createHub(
      { ...parts, log, metrics },
      {
        origins: config.origins,
        trustedProxies: config.trustedProxies,
        socketsPerAddress: config.socketsPerAddress,
        requestRates: config.requestRates,
        hosts: [...listenOn, hostname(), new URL(publicUrl).host],
        unknownTypes,
        insecureLinks,
        appUrl: publicUrl,
        secret: context.secret,
        publicUrl,
        anyPushOrigin: (config.allowedTargets ?? ['*']).includes('*'),
        browserFiles: browserFiles(),
        explainRefusals: true,
        demo,
      },
    )
    closers.add('hub', () => hub.close())
    closers.add('connections', () => hub.drain({ delayMs, ms: config.drainMs / 2 }))
    await hub.listen(port, ...listenOn)
    say(banner(config, { url, apiKey, file, demo: options.demo }))
  })
}
