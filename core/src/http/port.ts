/** A response with a body of at most 64 KiB. */
export type HttpAnswer = { status: number; headers: Record<string, string>; body: string }

/** `url` is absolute; `body` is sent as it is. */
export type HttpRequest = {
  method?: 'GET' | 'POST' | 'DELETE'
  url: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  signal?: AbortSignal
}

/** A response with its body as bytes. */
export type HttpFile = Omit<HttpAnswer, 'body'> & { body: Uint8Array }

/** Maximum size of a download in bytes. */
export const DOWNLOAD_MAX_BYTES = 16 * 1_024 * 1_024

/** Thrown if there is no response. `sent`: whether the request may have reached the server. */
export class HttpFailure extends Error {
  override name = 'HttpFailure'
  readonly reason: 'refused_target' | 'unreachable' | 'timeout' | 'too_large' | 'broken'
  readonly sent: boolean
  constructor(reason: HttpFailure['reason'], detail: string, sent: boolean, cause?: unknown) {
    super(detail, { cause })
    this.reason = reason
    this.sent = sent
  }
}

/**
 * A guarded client (SSRF guard) for URLs and hosts from tenants and users. It checks the address that it
 * connects to: private, loopback and link-local addresses are forbidden, unless the operator allows them. It
 * does not follow redirects. An exchange ends after 15 s, and a response at 64 KiB, unless it is a download.
 */
export interface Http {
  /** Resolves with any response, whatever its status. Rejects with HttpFailure. */
  request(request: HttpRequest): Promise<HttpAnswer>
  /** Downloads a file of at most `maxBytes`, which may be up to DOWNLOAD_MAX_BYTES. Rejects with HttpFailure. */
  download(url: string, maxBytes: number): Promise<HttpFile>
  /**
   * Resolves with a public or allowed address of the host, for connections that are not HTTP. Rejects with
   * HttpFailure.
   */
  resolve(host: string, port: number): Promise<string>
  /** Returns why a URL can never be requested; undefined if it can. Does no lookup. */
  refusal(url: string): string | undefined
}
