import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { listenHealth } from '@carillon/dispatcher/telemetry/health'
import { dispatcherOptions } from '../composition/options.ts'
import { openDispatcherParts } from '../composition/roles.ts'
import { needCluster, needSecret, settings } from '../config/settings.ts'
import { serve } from '../process/serve.ts'

export const dispatcher = (options: { port?: number }) => {
  const config = settings()
  const secret = needSecret(config)
  needCluster(config)
  const port = options.port ?? config.port ?? 4_001
  return serve('dispatcher', { config, secret }, async (context) => {
    const { closers, log, metrics } = context
    const parts = await openDispatcherParts(context)
    const health = await listenHealth({ ...parts, log, metrics }, port, config.host)
    closers.add('health', () => health.close())
    const running = await startDispatcher({ ...parts, log, metrics }, dispatcherOptions(config))
    closers.add('dispatcher', () => {
      health.drain()
      return running.stop()
    })
    log.info({ port }, 'dispatcher is running')
  })
}
