import { createClosers } from '@carillon/core/lifecycle/closers'
import { createLog } from '@carillon/core/telemetry/log'
import { defineCommand } from 'citty'
import { devState } from '../dev-state.ts'
import { databaseFile, openParts, whereabouts } from '../parts.ts'
import { say, settings } from '../settings.ts'

const CHECK_LIMIT_MS = 10_000

const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** URLs may hold passwords. */
const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//…@')

export const check = defineCommand({
  meta: {
    name: 'check',
    description: 'Check the settings and every part they name; exits with 1 when one fails',
  },
  run: async () => {
    const config = settings()
    const closers = createClosers()
    const log = createLog({ level: 'silent', role: 'check' })
    const secret =
      config.secret ?? devState(config.dataDir).read()?.secret ?? 'not needed to check connections'
    const open = openParts({ config, secret, closers, log })
    const checks = {
      'event log': async () => (await open.openStream()).stream.check(),
      inbox: async () => (await open.openStore()).check(),
      'live bus': async () => (await open.openLive()).check(),
    }
    let failed = false
    for (const [part, where] of Object.entries(whereabouts(config, databaseFile(config)))) {
      const limit = new Promise<never>((_, reject) =>
        setTimeout(
          () => reject(new Error(`no answer within ${CHECK_LIMIT_MS / 1_000} s`)),
          CHECK_LIMIT_MS,
        ).unref(),
      )
      try {
        await Promise.race([checks[part as keyof typeof checks](), limit])
        say(`ok      ${part}: ${withoutPassword(where)}`)
      } catch (error) {
        failed = true
        say(`failed  ${part}: ${withoutPassword(where)}: ${reason(error)}`)
      }
    }
    await closers.close(CHECK_LIMIT_MS)
    process.exit(failed ? 1 : 0)
  },
})
