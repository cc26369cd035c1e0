import { ProblemError } from '@carillon/core/errors'
import { CredentialsError } from '@carillon/core/security/credentials-error'
import type { Log } from '@carillon/core/telemetry/log'
import { LRUCache } from 'lru-cache'

/** How often the same reason is logged for the same tenant. */
const LOG_EVERY_MS = 60_000
/** Reasons and tenants remembered. */
const REMEMBERED_MAX = 1_000

/**
 * Tells operators why credentials were refused. Each reason is logged at once and then at most once a minute per tenant,
 * with how many were refused since. Returns the error to answer with: with `explain` (development) its detail gives the
 * reason, otherwise it is the same for all.
 */
export const createRefusals = ({ log, explain = false }: { log: Log; explain?: boolean }) => {
  const remembered = new LRUCache<string, { loggedAt: number; since: number }>({ max: REMEMBERED_MAX })

  const note = ({ reason, explanation, tenant }: CredentialsError) => {
    const key = `${tenant ?? ''}\n${reason}`
    const now = Date.now()
    const known = remembered.get(key)
    if (known && now - known.loggedAt < LOG_EVERY_MS) {
      known.since++
      return
    }
    remembered.set(key, { loggedAt: now, since: 0 })
    const about = { reason, tenant, ...(known ? { refused: known.since + 1 } : {}) }
    // Tokens expire all the time; everything else is a mistake or an attack.
    log[reason === 'expired' ? 'info' : 'warn'](about, `credentials refused: ${explanation}`)
  }

  return (error: unknown): unknown => {
    if (!(error instanceof CredentialsError)) return error
    note(error)
    return explain ? new ProblemError(error.problem.code, error.explanation) : error
  }
}

export type Refusals = ReturnType<typeof createRefusals>
