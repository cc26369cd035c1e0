import type { Problem, ProblemCode } from '@carillon/schemas'

/**
 * Beside the hub's problem codes `network`: no answer from the hub, or from the token function, or none in time; and
 * `not_sent`: an action while too many wait to be sent, or after the client was closed.
 */
export type ErrorCode = ProblemCode | 'network' | 'not_sent'

/** What a person did that could not be done, and why. `ids` is empty for what reaches every item. */
export type Action = { verb: string; ids: readonly string[]; problem: string }

type Rest = {
  status?: number
  temporary?: boolean
  /** How long the hub asks to wait, in milliseconds. */
  retryAfter?: number
  cause?: unknown
}

/** Why something failed. `temporary`: the same may work later. `status` is the HTTP status, 0 without an answer. */
export class CarillonError extends Error {
  declare readonly code: ErrorCode
  declare readonly status: number
  declare readonly temporary: boolean
  declare readonly retryAfter: number
  /** The action that was undone, if one was. */
  declare readonly action?: Action

  constructor(code: ErrorCode, detail: string, rest: Rest = {}) {
    super(detail)
    Object.assign(this, { name: 'CarillonError', code, status: 0, temporary: false, retryAfter: 0 }, rest)
  }
}

const REFUSALS: readonly string[] = ['unauthenticated', 'token_expired', 'forbidden', 'tenant_unknown']

/** Whether the hub refuses the credentials, so that only another token can help. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code)

/** The error that an HTTP answer stands for; a proxy's answer without problem details is told by its status. */
export const errorOf = async (response: Response): Promise<CarillonError> => {
  const { status, headers } = response
  const {
    code = status === 401 ? 'unauthenticated' : 'unavailable',
    detail = `HTTP ${status}`,
    temporary = status === 429 || status >= 500,
  }: Partial<Problem> = await response.json().catch(() => ({}))
  // Seconds; a date, which the hub does not send, is as good as none.
  const retryAfter = Number(headers.get('retry-after')) * 1_000 || 0
  return new CarillonError(code, detail, { status, temporary, retryAfter })
}

/** What is no problem of the hub's is a lack of an answer; `cause` says more. */
export const asError = (error: unknown): CarillonError =>
  error instanceof CarillonError
    ? error
    : new CarillonError('network', String(error), { temporary: true, cause: error })
