import type { Problem, ProblemCode } from '@carillon/schemas'

/**
 * Beside the hub's problem codes: `network` (no answer), `token` (the token function failed), `closed` (the client
 * was closed while it waited).
 */
export type ErrorCode = ProblemCode | 'network' | 'token' | 'closed'

/** Why something failed. `temporary`: the same may work later. `status` is the HTTP status, 0 without an answer. */
export class CarillonError extends Error {
  override name = 'CarillonError'
  readonly code: ErrorCode
  readonly status: number
  readonly temporary: boolean
  /** How long the hub asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(
    code: ErrorCode,
    detail: string,
    rest: { status?: number; temporary?: boolean; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(detail, { cause: rest.cause })
    this.code = code
    this.status = rest.status ?? 0
    this.temporary = rest.temporary ?? false
    this.retryAfter = rest.retryAfter
  }
}

const REFUSALS: readonly string[] = ['unauthenticated', 'token_expired', 'forbidden', 'tenant_unknown']

/** Whether the hub refuses the credentials, so that only another token can help. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code)

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date, in milliseconds. */
const retryAfter = (value: string | null): number | undefined => {
  if (!value) return
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** The error that an HTTP answer stands for; a proxy's answer without problem details is told by its status. */
export const errorOf = async (response: Response): Promise<CarillonError> => {
  const { status } = response
  const problem: Partial<Problem> = await response.json().then(
    (body) => (typeof body === 'object' && body ? body : {}),
    () => ({}),
  )
  const temporary = problem.temporary ?? (status === 429 || status >= 500)
  const code = problem.code ?? (status === 401 ? 'unauthenticated' : temporary ? 'unavailable' : 'internal')
  return new CarillonError(code, problem.detail ?? `The hub answered ${status}`, {
    status,
    temporary,
    retryAfter: retryAfter(response.headers.get('retry-after')),
  })
}

export const asError = (error: unknown): CarillonError =>
  error instanceof CarillonError
    ? error
    : new CarillonError('internal', error instanceof Error ? error.message : String(error), { cause: error })

/** The promise, whose rejection is told elsewhere too, so that not awaiting it is no fault. */
export const handled = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {})
  return promise
}
