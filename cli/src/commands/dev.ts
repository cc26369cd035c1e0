import { hostname } from 'node:os'
import { requireFileLayout } from '@carillon/core/sqlite/installation'
import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { CAPTURED_MAX, createCaptured } from '@carillon/hub/demo/captured'
import { createHub } from '@carillon/hub/hub'
import { databaseFile, usesFile, whereabouts, withoutPassword } from '../composition/context.ts'
import { dispatcherOptions, hubOptions } from '../composition/options.ts'
import { openHubParts } from '../composition/roles.ts'
import type { Config } from '../config/config.ts'
import { devState, openDevState } from '../config/dev-state.ts'
import { settings } from '../config/settings.ts'
import { createDataDir, lockDataDir } from '../process/data-dir.ts'
import { say } from '../process/output.ts'
import { serve } from '../process/serve.ts'
import { DEMO_TENANT, DEMO_USERS, prepareDemoTenant } from './demo-tenant.ts'

const banner = (config: Config, options: { url: string; apiKey: string; file: string; demo: boolean }) => {
  const { url, apiKey, file, demo } = options
  const parts = Object.entries(whereabouts(config, file)).map(
    ([part, where]) => `  ${part.padEnd(10)} ${withoutPassword(where)}`,
  )
  return [
    '',
    demo ? `  Carillon is ready: open ${url}` : `  Carillon is ready at ${url}`,
    '',
    '  The API key, to paste into a shell:',
    '',
    `    export CARILLON_API_KEY=${apiKey}`,
    '',
    '  Ring a bell:',
    '',
    `    curl ${url}/v1/notifications \\`,
    `      -H "authorization: Bearer $CARILLON_API_KEY" \\`,
    `      -H 'content-type: application/json' \\`,
    `      -d '{"to":"ada","type":"greeting","title":"Hello, Ada"}'`,
    '',
    ...parts,
    file === ':memory:'
      ? '  NOT DURABLE: all data is lost when this process ends'
      : '  durable: survives restarts and kill -9',
    '',
  ].join('\n')
}

/** Applies the defaults of development to settings that are not set. */
const withDevDefaults = (config: Config, url: string) => ({
  ...config,
  unknownTypes: config.unknownTypes ?? 'accept',
  insecureLinks: config.insecureLinks ?? 'accept',
  allowedTargets: config.allowedTargets ?? ['*'],
  publicUrl: config.publicUrl ?? url,
})

/** Keeps captured messages in memory and in the embedded file. */
const openCaptured = (
  { openCaptured }: Awaited<ReturnType<typeof openHubParts>>,
  onError: (err: unknown) => void,
) => {
  const stored = openCaptured(CAPTURED_MAX)
  const captured = createCaptured(CAPTURED_MAX, stored.list())
  captured.onAdd((message) => {
    stored.put(message).catch(onError)
  })
  return captured
}

export const dev = (options: { port?: number; data?: string; memory?: true; demo: boolean }) => {
  const given = settings(options)
  const port = options.port ?? given.port ?? 4_000
  const url = `http://localhost:${port}`
  const config = withDevDefaults(given, url)
  // Browsers resolve localhost to either address.
  const listenOn = config.host === undefined ? ['127.0.0.1', '::1'] : [config.host]
  const file = options.memory ? ':memory:' : databaseFile(config)
  if (!options.memory) {
    createDataDir(config.dataDir)
    // Checked before the first write, so that data of an older layout is not changed.
    if (usesFile(config)) requireFileLayout(file)
  }
  const kept = options.memory ? undefined : devState(config.dataDir)
  const { secret, state } = openDevState(config.secret, kept)
  const delayMs = config.drainDelayMs ?? 0
  return serve('dev', { config, secret, delayMs }, async (context) => {
    const { closers, log, metrics } = context
    if (!options.memory) {
      const lock = lockDataDir(config.dataDir)
      closers.add('lock', () => void lock.close())
    }
    const parts = await openHubParts(context, { file, migrate: true })
    const apiKey = await prepareDemoTenant(parts.store, state, (now) => kept?.write(now))
    const captured = openCaptured(parts, (err) => log.error({ err }, 'a captured message was not stored'))
    const appUrl = config.publicUrl
    const dispatcher = await startDispatcher(
      { ...parts, log, metrics, capture: captured.add },
      { ...dispatcherOptions(config), appUrl },
    )
    closers.add('dispatcher', () => dispatcher.stop())
    const demo = {
      tenant: DEMO_TENANT,
      url: config.publicUrl,
      apiKey,
      natsUrl: config.natsUrl ?? null,
      users: DEMO_USERS,
      durable: options.memory ? 'nothing is kept' : `kept in ${config.dataDir}`,
      captured,
    }
    const hub = createHub(
      { ...parts, log, metrics },
      {
        ...hubOptions(config, secret),
        appUrl,
        hosts: [...listenOn, hostname(), new URL(config.publicUrl).host],
        explainRefusals: true,
        capturesMessages: true,
        demo: options.demo ? demo : undefined,
      },
    )
    closers.add('hub', () => hub.close())
    closers.add('connections', () => hub.drain({ delayMs, ms: config.drainMs / 2 }))
    await hub.listen(port, ...listenOn)
    say(banner(config, { url, apiKey, file, demo: options.demo }))
  })
}
