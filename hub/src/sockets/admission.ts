import type { Socket } from 'node:net'
import { UNAUTHENTICATED_MS } from '@carillon/core/live/server'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Refusal } from '../http/guard.ts'
import { RateLimitedError } from '../http/problems.ts'

/** Socket limits per client address. */
export type SocketLimits = {
  sockets: number
  /** Maximum sockets without a valid token for longer than GRACE_MS. */
  handshakes: number
}

/** Time for clients to present a token. */
const GRACE_MS = 2_000
/** Burst of handshakes, as a multiple of the limit. */
const BURST = 20
const SWEEP_MS = 500
/** Socket.IO closes sockets without a token at its deadline. A client that ignores the close is cut off after this time. */
const CUT_AFTER_MS = UNAUTHENTICATED_MS + 1_000

type Pending = { connection: Socket; since: number }
/** Sockets of an address. `pending`: without a valid token, oldest first. */
type Counts = { sockets: number; pending: Set<Pending> }

export type Admission = {
  /** Rejects upgrades from addresses at their limit. */
  refusal: Refusal
  /** Marks the socket of a connection as authenticated. */
  authenticated(connection: Socket): void
  close(): void
}

/**
 * Limits sockets per client address, from the upgrade to the end of the connection. Above the limit of pending handshakes,
 * the oldest are closed after their grace. An address without sockets uses no memory.
 */
export const createAdmission = (parts: {
  addressOf: (request: Parameters<Refusal>[0]) => string
  limits: SocketLimits
  metrics: Pick<Metrics, 'rateLimited'>
}): Admission => {
  const { addressOf, limits, metrics } = parts
  const addresses = new Map<string, Counts>()
  const connections = new WeakMap<Socket, () => void>()
  /** Addresses above the limit of pending sockets. */
  const crowded = new Set<Counts>()
  /** All pending sockets, oldest first. */
  const waiting = new Set<Pending>()

  const refuse = (limit: keyof SocketLimits, detail: string) => {
    metrics.rateLimited.inc({ limit })
    return new RateLimitedError(detail, UNAUTHENTICATED_MS)
  }

  const enter = (address: string, connection: Socket, counts: Counts) => {
    const pending = { connection, since: performance.now() }
    counts.sockets++
    counts.pending.add(pending)
    waiting.add(pending)
    if (counts.pending.size > limits.handshakes) crowded.add(counts)
    addresses.set(address, counts)
    const settle = () => {
      counts.pending.delete(pending)
      waiting.delete(pending)
    }
    connections.set(connection, settle)
    connection.once('close', () => {
      settle()
      if (--counts.sockets === 0) addresses.delete(address)
    })
  }

  const sweep = setInterval(() => {
    const now = performance.now()
    for (const { connection, since } of waiting) {
      if (since > now - CUT_AFTER_MS) break
      connection.destroy()
    }
    const late = now - GRACE_MS
    for (const counts of crowded) {
      let surplus = counts.pending.size - limits.handshakes
      for (const { connection, since } of counts.pending) {
        if (surplus-- <= 0 || since > late) break
        metrics.rateLimited.inc({ limit: 'handshakes' })
        connection.destroy()
      }
      if (counts.pending.size <= limits.handshakes) crowded.delete(counts)
    }
  }, SWEEP_MS).unref()

  return {
    refusal: (request, kind) => {
      if (kind !== 'upgrade') return undefined
      const address = addressOf(request)
      const counts = addresses.get(address) ?? { sockets: 0, pending: new Set() }
      if (counts.sockets >= limits.sockets)
        return refuse('sockets', `an address may have ${limits.sockets} sockets; close one first`)
      if (counts.pending.size >= limits.handshakes * BURST)
        return refuse('handshakes', 'too many sockets of this address have no valid token; connect later')
      enter(address, request.socket, counts)
      return undefined
    },
    authenticated: (connection) => connections.get(connection)?.(),
    close: () => clearInterval(sweep),
  }
}
