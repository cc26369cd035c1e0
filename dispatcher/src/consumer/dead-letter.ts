import { randomBytes } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import type { DeadReason } from '@carillon/core/stream/port'

/**
 * What the tenant is told of a message that is given up. A problem speaks for itself. Any other error is a fault of
 * Carillon's, and may name tables or servers: the tenant gets a reference, and the log the error under it.
 */
export const deadReasonOf = (
  error: unknown,
  deliveries: number,
): { reason: DeadReason; reference?: string } => {
  if (error instanceof ProblemError) return { reason: { code: error.problem.code, detail: error.message } }
  const reference = randomBytes(6).toString('hex')
  const detail = `Carillon failed to handle it ${deliveries} times; its log has the reason under the reference ${reference}`
  return { reason: { code: 'too_many_attempts', detail }, reference }
}
