import { ProblemError } from '@carillon/core/errors'
import { CredentialsError } from '@carillon/core/security/credentials-error'
import type { Log } from '@carillon/core/telemetry/log'
import { logThrottle } from '@carillon/core/telemetry/log-throttle'

/**
 * Logs why credentials were rejected: each reason at once, then at most once a minute per tenant, with the
 * number since. Returns the error to respond with. With `explain` (development), its detail contains the
 * reason; otherwise all details are the same.
 */
export const createRefusals = ({ log, explain = false }: { log: Log; explain?: boolean }) => {
  const occurrences = logThrottle()

  const note = ({ reason, explanation, tenant }: CredentialsError) => {
    const refused = occurrences(`${tenant ?? ''}\n${reason}`)
    if (!refused) return
    const about = { reason, tenant, ...(refused > 1 ? { refused } : {}) }
    // Tokens expire all the time; other reasons indicate a mistake or an attack.
    log[reason === 'expired' ? 'info' : 'warn'](about, `credentials refused: ${explanation}`)
  }

  return (error: unknown): unknown => {
    if (!(error instanceof CredentialsError)) return error
    note(error)
    return explain ? new ProblemError(error.problem.code, error.explanation) : error
  }
}

export type Refusals = ReturnType<typeof createRefusals>
