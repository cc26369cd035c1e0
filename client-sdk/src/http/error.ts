import type { Problem, ProblemCode } from '@carillon/schemas'

/**
 * A problem code of the hub, or one of the client:
 *
 * - `network`: the hub did not respond in time, the hub does not allow the origin of the page (CORS), or the token function
 *   failed;
 * - `not_carillon`: another server responded, such as a web site or a proxy, so the URL may be wrong;
 * - `token_url`: the token endpoint responded with an error such as 404, so its URL may be wrong;
 * - `version_mismatch`: the hub does not know the request, because it has another version than the client;
 * - `not_sent`: an action was refused because too many are pending or the client is closed.
 */
export type ErrorCode =
  | ProblemCode
  | 'network'
  | 'not_carillon'
  | 'token_url'
  | 'version_mismatch'
  | 'not_sent'

/** An action that was undone, and why. `ids` is empty for an action on every item. */
export type Action = { verb: string; ids: readonly string[]; problem: string }

type Rest = {
  status?: number
  temporary?: boolean
  /** The wait that the hub asks for, in milliseconds. */
  retryAfter?: number
  cause?: unknown
}

/** An error of the client. `temporary`: a retry may succeed. `status`: the HTTP status, or 0 without a response. */
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

/** Reports whether the hub refused the credentials, so that only another token can help. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code)

/** Returns the error of a response that is not from a hub. */
export const notCarillon = ({ status, url }: Response): CarillonError =>
  new CarillonError('not_carillon', `${url} is not a Carillon hub (HTTP ${status})`, {
    status,
    temporary: true,
  })

/**
 * Returns the error of an HTTP response. A response without problem details, such as one from a proxy, is classified by status.
 * `reads`: the request names no resource, so 404 means that the hub does not know the route.
 */
export const errorOf = async (response: Response, reads: boolean): Promise<CarillonError> => {
  const { status, headers } = response
  const isTemporary = status === 408 || status === 429 || status >= 500
  const problem: Partial<Problem> = await response.json().catch(() => ({}))
  if (!problem.code && !isTemporary && status !== 401) return notCarillon(response)
  const {
    code = status === 401 ? 'unauthenticated' : 'unavailable',
    detail = `HTTP ${status}`,
    temporary = isTemporary,
  } = problem
  // In seconds. The hub never sends the date form.
  const retryAfter = Number(headers.get('retry-after')) * 1_000 || 0
  const isUnknown = reads && (status === 404 || status === 405)
  return new CarillonError(isUnknown ? 'version_mismatch' : code, detail, { status, temporary, retryAfter })
}

/** Returns a CarillonError unchanged, and wraps any other error as `network` with that error as `cause`. */
export const asError = (error: unknown): CarillonError =>
  error instanceof CarillonError
    ? error
    : new CarillonError('network', String(error), { temporary: true, cause: error })
