import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { listenHealth } from '@carillon/dispatcher/health'
import { defineCommand } from 'citty'
import { openDispatcherParts } from '../parts.ts'
import { choosePort } from '../port.ts'
import { serve } from '../serve.ts'
import { needCluster, needSecret, settings } from '../settings.ts'
import { untilAvailable } from '../until-available.ts'

export const dispatcher = defineCommand({
  meta: { name: 'dispatcher', description: 'The worker: decides, stores, delivers' },
  args: { port: { type: 'string', description: 'Where to answer health checks and metrics (default 4001)' } },
  run: ({ args }) => {
    const config = settings()
    const secret = needSecret(config)
    needCluster(config)
    const port = choosePort(args.port, config.port, 4_001)
    return serve('dispatcher', { config, secret }, async (context) => {
      const { closers, log, metrics } = context
      const parts = await openDispatcherParts(context)
      await untilAvailable(log, 'store', () => parts.store.check())
      const health = await listenHealth({ ...parts, log, metrics }, port, config.host ?? '0.0.0.0')
      closers.add('health', () => health.close())
      const running = await startDispatcher(
        { ...parts, log, metrics },
        {
          unknownTypes: config.unknownTypes ?? 'refuse',
          insecureLinks: config.insecureLinks ?? 'refuse',
          retentionMs: config.retentionMs,
          rates: config.rates,
          publicUrl: config.publicUrl,
        },
      )
      closers.add('dispatcher', () => {
        health.drain()
        return running.stop()
      })
      log.info({ port }, 'dispatcher is working')
    })
  },
})
