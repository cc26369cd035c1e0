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
    const answer = problem(code, detail, options.errors)
    super(answer.detail, { cause: options.cause })
    this.problem = answer
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

/**
 * The process cannot run on these settings and data; `message` says what an operator has to do. Trying again
 * does not help.
 */
export class SetupError extends Error {
  override name = 'SetupError'
}

/** An error and its cause in one line. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? error.cause.message : ''
  // Drivers print whole objects; a provider's reason may repeat its cause.
  const [said = '', why = ''] = [error.message, cause].map((text) => text.split('\n', 1)[0])
  return why === '' || said.includes(why) ? said : `${said}: ${why}`
}
