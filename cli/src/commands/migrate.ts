import { createLog } from '@carillon/core/telemetry/log'
import { openAdapters } from '../composition/adapters.ts'
import { needSecret, settings } from '../config/settings.ts'
import { createClosers } from '../process/closers.ts'
import { say } from '../process/output.ts'

export const migrate = async (options: { data?: string }) => {
  const config = settings(options)
  const closers = createClosers()
  const log = createLog({ level: config.logLevel, role: 'migrate' })
  const context = { config, secret: needSecret(config), closers, log }
  const { namespace, applied } = await openAdapters(context).openInstallation({ migrate: true })
  await closers.close(config.drainMs)
  const done =
    applied === 0 ? 'nothing to do' : `${applied} ${applied === 1 ? 'migration' : 'migrations'} applied`
  say(`installation ${namespace}: ${done}; the schema is up to date`)
}
