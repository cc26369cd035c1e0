import { createLog } from '@carillon/core/telemetry/log'
import { createClosers } from '../closers.ts'
import { openParts } from '../parts.ts'
import { needSecret, say, settings } from '../settings.ts'

export const migrate = async (options: { data?: string }) => {
  const config = settings(options)
  const closers = createClosers()
  const log = createLog({ level: config.logLevel, role: 'migrate' })
  const context = { config, secret: needSecret(config), closers, log }
  const { namespace } = await openParts(context).openInstallation({ migrate: true })
  await closers.close(config.drainMs)
  say(`the schema of the installation ${namespace} is up to date`)
}
