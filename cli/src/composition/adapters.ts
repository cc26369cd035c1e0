import { createHttp } from '@carillon/core/http/client'
import { createSeal } from '@carillon/core/security/seal'
import { sqliteCaptured } from '@carillon/core/sqlite/captured'
import { type Context, databaseFile } from './context.ts'
import { createEmbedded } from './embedded.ts'
import { eventLogAdapters } from './event-log.ts'
import { liveAdapters } from './live.ts'
import { storeAdapters } from './store.ts'

/** Returns functions that open each part. A part is real if its URL is set, and embedded otherwise. */
export const openAdapters = (context: Context, file = databaseFile(context.config)) => {
  const { config, secret, closers } = context
  const seal = createSeal(secret)
  const embedded = createEmbedded(context, seal, file)

  /** Opens the HTTP client for URLs that tenants and users name. */
  const openHttp = () => {
    const http = createHttp({ allow: config.allowedTargets ?? [] })
    closers.add('http', () => http.close())
    return http
  }

  /** For development: keeps the newest `max` captured messages in the embedded file. */
  const openCaptured = (max: number) => sqliteCaptured({ database: embedded(), seal, max })

  return {
    seal,
    ...storeAdapters(context, seal, embedded),
    ...eventLogAdapters(context, embedded),
    ...liveAdapters(context),
    openHttp,
    openCaptured,
  }
}
