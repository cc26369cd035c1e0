import { randomBytes } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import type { DeadReason } from '@carillon/core/stream/port'

/**
 * Returns the reason of a dead letter for the tenant. A problem has a detail for the tenant. Any other error
 * is a bug of Carillon and may name tables or servers. So the tenant gets a reference, under which the error
 * is logged.
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
