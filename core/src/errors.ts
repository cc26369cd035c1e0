import { type Problem, type ProblemCode, type ProblemDetail, problem } from '@carillon/schemas'

/**
 * An error that has an answer: what was wrong, where, and whether trying again can help. Permanent problems
 * end in the dead letters or a 4xx; temporary ones are tried again. Any other error is a fault of ours.
 */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly problem: Problem

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: ProblemDetail[]; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause })
    this.problem = problem(code, detail, options.errors)
  }
}

/**
 * A dependency (`part`) does not answer. It is no fault of the message in hand: callers stop taking new work,
 * keep what they hold, and try the same again, without counting an attempt.
 */
export class UnavailableError extends ProblemError {
  override name = 'UnavailableError'
  readonly part: 'stream' | 'store' | 'live'

  constructor(part: 'stream' | 'store' | 'live', cause: unknown) {
    super('unavailable', `the ${part} does not answer`, { cause })
    this.part = part
  }
}
