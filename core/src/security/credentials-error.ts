import type { ProblemCode } from '@carillon/schemas'
import { ProblemError } from '../errors.ts'

/**
 * Thrown if credentials are rejected. The problem has the same message for every reason, so that it reveals
 * nothing. `reason` (a stable word) and `explanation` are for the log and, in development, for the response;
 * neither repeats any part of the credentials. `tenant` is set if the credentials name an existing one.
 */
export class CredentialsError extends ProblemError {
  override name = 'CredentialsError'
  readonly reason: string
  readonly explanation: string
  readonly tenant: string | undefined

  constructor(
    about: { code: ProblemCode; detail: string },
    { reason, explanation, tenant }: { reason: string; explanation: string; tenant?: string },
  ) {
    super(about.code, about.detail)
    this.reason = reason
    this.explanation = explanation
    this.tenant = tenant
  }
}
