import { type Problem, type ProblemCode, type ProblemDetail, problem } from '@carillon/schemas'

/**
 * An error with a problem to report: what was wrong, where, and whether a retry can help. Permanent problems become dead
 * letters or 4xx responses; temporary ones are retried. Any other error is a bug.
 */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly problem: Problem

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: ProblemDetail[]; cause?: unknown } = {},
  ) {
    const answer = problem(code, detail, options.errors)
    super(answer.detail, { cause: options.cause })
    this.problem = answer
  }
}

/** What messages call each dependency. */
const PARTS = { stream: 'event log', store: 'store', live: 'live bus' } as const

/**
 * Thrown if a dependency (`part`) is unavailable. The current message is not at fault: callers accept no new
 * work, keep their current work, and retry without counting an attempt.
 */
export class UnavailableError extends ProblemError {
  override name = 'UnavailableError'
  readonly part: keyof typeof PARTS

  constructor(part: keyof typeof PARTS, cause: unknown) {
    super('unavailable', `the ${PARTS[part]} is unavailable`, { cause })
    this.part = part
  }
}

/**
 * Thrown if the process cannot run with these settings and data. `message` says what the operator must do.
 * Retrying does not help.
 */
export class SetupError extends Error {
  override name = 'SetupError'
}

/** Returns the messages of an error and its cause, as one line. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? error.cause.message : ''
  // Drivers append whole objects to messages, and a provider's message may already contain its cause.
  const [said = '', why = ''] = [error.message, cause].map((text) => text.split('\n', 1)[0])
  return why === '' || said.includes(why) ? said : `${said}: ${why}`
}
