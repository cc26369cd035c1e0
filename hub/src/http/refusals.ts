import { ProblemError } from '@carillon/core/errors'
import { CredentialsError } from '@carillon/core/security/credentials-error'
import type { Log } from '@carillon/core/telemetry/log'
import { seldom } from '@carillon/core/telemetry/seldom'

/**
 * Tells operators why credentials were refused. Each reason is logged at once and then at most once a minute per tenant,
 * with how many were refused since. Returns the error to answer with: with `explain` (development) its detail gives the
 * reason, otherwise it is the same for all.
 */
export const createRefusals = ({ log, explain = false }: { log: Log; explain?: boolean }) => {
  const times = seldom()

  const note = ({ reason, explanation, tenant }: CredentialsError) => {
    const refused = times(`${tenant ?? ''}\n${reason}`)
    if (!refused) return
    const about = { reason, tenant, ...(refused > 1 ? { refused } : {}) }
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
