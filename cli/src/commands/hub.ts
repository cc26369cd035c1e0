import { createHub } from '@carillon/hub/hub'
import { hubOptions } from '../composition/options.ts'
import { openHubParts } from '../composition/roles.ts'
import { needCluster, needSecret, settings } from '../config/settings.ts'
import { serve } from '../process/serve.ts'

/** Load balancers check readiness every few seconds. */
const DRAIN_DELAY_MS = 5_000

export const hub = (options: { port?: number }) => {
  const config = settings()
  const secret = needSecret(config)
  needCluster(config)
  const port = options.port ?? config.port ?? 4_000
  const delayMs = config.drainDelayMs ?? DRAIN_DELAY_MS
  return serve('hub', { config, secret, delayMs }, async (context) => {
    const { closers, log, metrics } = context
    const parts = await openHubParts(context)
    const running = createHub({ ...parts, log, metrics }, hubOptions(config, secret))
    closers.add('hub', () => running.close())
    closers.add('connections', () => running.drain({ delayMs, ms: config.drainMs / 2 }))
    await running.listen(port, ...(config.host === undefined ? [] : [config.host]))
    log.info({ port }, 'hub is listening')
  })
}
