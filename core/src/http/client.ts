import { isIP, type LookupFunction } from 'node:net'
import { LRUCache } from 'lru-cache'
import { type Dispatcher, errors, Pool } from 'undici'
import { checkedLookup, type Lookup } from './lookup.ts'
import { DOWNLOAD_MAX_BYTES, type Http, HttpFailure, type HttpFile, type HttpRequest } from './port.ts'
import { portOf, ssrfGuard } from './ssrf.ts'

export type HttpOptions = {
  /** What the operator allows: hosts, addresses and CIDRs, each with or without `:port`; `*` allows everything. */
  allow: readonly string[]
  /** Time limit of an exchange, from waiting for a connection to the last byte. */
  timeoutMs?: number
  /** Replaces DNS in tests. */
  lookup?: Lookup
}

const ANSWER_MAX_BYTES = 65_536
const ORIGINS_MAX = 512
const CONNECTIONS_MAX = 64
/** Time after which connections are renewed and addresses are looked up again. */
const ORIGIN_TTL_MS = 300_000
/** Maximum number of cached parsed URLs. */
const URLS_MAX = 1_000

type Checked = ReturnType<typeof checkedLookup>

/** Returns Node's `lookup` for connections, which returns checked addresses only. */
const connectLookup =
  (checked: Checked, port: number): LookupFunction =>
  (host, options, callback) => {
    checked(host, port).then(
      (found) => {
        const addresses = found.map((address) => ({ address, family: isIP(address) }))
        if (options.all) callback(null, addresses)
        else callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
      },
      (error) => callback(error, []),
    )
  }

const plainHeaders = (headers: Record<string, string | string[] | undefined>): Record<string, string> => {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value
  return plain
}

/** Maps an error to an HttpFailure. Returns a bug of the caller, such as an invalid header, unchanged. */
const failureOf = (error: Error, sent: boolean): Error => {
  if (error instanceof HttpFailure || error instanceof errors.InvalidArgumentError) return error
  if (error instanceof errors.HeadersOverflowError)
    return new HttpFailure('too_large', 'the response is too large', sent, error)
  if (error instanceof errors.ConnectTimeoutError)
    return new HttpFailure('timeout', 'no connection in time', sent, error)
  const code = 'code' in error && error.code !== undefined ? error.code : error.name
  return sent
    ? new HttpFailure('broken', `the connection broke before a response: ${code}`, sent, error)
    : new HttpFailure('unreachable', `no connection: ${code}`, sent, error)
}

type Part = { origin: string; port: number; path: string }

/**
 * Runs one exchange on a pool. `control` is set before the first byte is written, so as long as it is unset,
 * nothing was sent.
 */
const exchange = (
  pool: Pool,
  { origin, path }: Part,
  request: HttpRequest,
  { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number },
) =>
  new Promise<HttpFile & { body: Buffer }>((resolve, reject) => {
    const { method = 'GET', headers, body = null, signal } = request
    let control: Dispatcher.DispatchController | undefined
    let failed: Error | undefined
    let status = 0
    let answered: Record<string, string> = {}
    const chunks: Uint8Array[] = []
    let size = 0

    const fail = (error: Error) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      failed ??= failureOf(error, control !== undefined)
      reject(failed)
    }
    const giveUp = (detail: string) => {
      const failure = new HttpFailure('timeout', detail, control !== undefined)
      fail(failure)
      control?.abort(failure)
    }
    const onAbort = () => giveUp('aborted before a response')
    const timer = setTimeout(giveUp, timeoutMs, `no response within ${timeoutMs / 1_000} s`)
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)

    pool.dispatch(
      { origin, path, method, headers, body },
      {
        onRequestStart(controller) {
          if (failed) throw failed // It ended while waiting for a connection, so nothing is sent.
          control = controller
        },
        onResponseStart(_, code, given) {
          status = code
          answered = plainHeaders(given)
        },
        onResponseData(controller, chunk) {
          size += chunk.length
          if (size <= maxBytes) chunks.push(chunk)
          else controller.abort(new HttpFailure('too_large', 'the response is too large', true))
        },
        onResponseEnd() {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
          resolve({ status, headers: answered, body: Buffer.concat(chunks) })
        },
        onResponseError: (_, error) => fail(error),
      },
    )
  })

/**
 * Creates the guarded client, based on undici: HTTP/1.1, with at most 64 connections to each of the 512 most
 * recently used origins. Throws if an entry of `allow` is not a host, address or CIDR.
 */
export const createHttp = ({
  allow,
  timeoutMs = 15_000,
  lookup,
}: HttpOptions): Http & { close(): Promise<void> } => {
  const guard = ssrfGuard(allow)
  const checked = checkedLookup(guard, lookup)

  const parts = new LRUCache<string, Part>({
    max: URLS_MAX,
    memoMethod: (text) => {
      const refusal = guard.refusal(text)
      if (refusal !== undefined)
        throw new HttpFailure('refused_target', `the URL is refused: ${refusal}`, false)
      const url = new URL(text)
      return { origin: url.origin, port: portOf(url), path: `${url.pathname}${url.search}` }
    },
  })

  const pools = new LRUCache<string, Pool, Part>({
    max: ORIGINS_MAX,
    ttl: ORIGIN_TTL_MS,
    ttlResolution: 1_000,
    dispose: (pool) => {
      // A pool may already be closed.
      pool.close().catch(() => {})
    },
    memoMethod: (origin, _, { context: { port } }) =>
      new Pool(origin, {
        connections: CONNECTIONS_MAX,
        pipelining: 1,
        keepAliveMaxTimeout: 60_000,
        headersTimeout: 0,
        bodyTimeout: 0,
        allowH2: false,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 1_000,
        connect: { lookup: connectLookup(checked, port), timeout: timeoutMs },
      }),
  })
  const fetched = (request: HttpRequest, maxBytes: number) => {
    const part = parts.memo(request.url)
    return exchange(pools.memo(part.origin, { context: part }), part, request, { timeoutMs, maxBytes })
  }

  return {
    refusal: guard.refusal,

    request: async (request) => {
      const { body, ...answer } = await fetched(request, ANSWER_MAX_BYTES)
      return { ...answer, body: body.toString() }
    },

    download: async (url, maxBytes) => fetched({ url }, Math.min(maxBytes, DOWNLOAD_MAX_BYTES)),

    resolve: async (host, port) => {
      const [address] = await checked(host, port)
      if (address === undefined) throw new HttpFailure('unreachable', 'the host has no address', false)
      return address
    },

    close: async () => {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.close()))
    },
  }
}
