import type { Socket } from 'node:net'
import { UNAUTHENTICATED_MS } from '@carillon/core/live/server'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Refusal } from '../http/guard.ts'
import { RateLimitedError } from '../http/problems.ts'

/** Sockets of one client address. */
export type SocketLimits = {
  sockets: number
  /** Of these, how many may stay without a valid token for longer than GRACE_MS. */
  handshakes: number
}

/** Clients show their token at once; a burst of them needs a moment. */
export const GRACE_MS = 2_000
/** How many times the limit a burst may be. */
const BURST = 20
const SWEEP_MS = 500
/** Socket.IO closes sockets without a token at its deadline; a client that ignores that is cut off this much later. */
const CUT_AFTER_MS = UNAUTHENTICATED_MS + 1_000

type Pending = { connection: Socket; since: number }
/** `pending`: without a valid token, oldest first. */
type Counts = { sockets: number; pending: Set<Pending> }

export type Admission = {
  /** Refuses upgrades of addresses that have as many sockets as they may. */
  refusal: Refusal
  /** The socket on this connection has shown a valid token. */
  authenticated(connection: Socket): void
  close(): void
}

/**
 * Limits sockets by client address, from the upgrade to the end of the connection. Beyond the limit for handshakes, those
 * that have waited longest are closed once their grace is over. An address without sockets takes no memory.
 */
export const createAdmission = (parts: {
  addressOf: (request: Parameters<Refusal>[0]) => string
  limits: SocketLimits
  metrics: Pick<Metrics, 'rateLimited'>
}): Admission => {
  const { addressOf, limits, metrics } = parts
  const addresses = new Map<string, Counts>()
  const connections = new WeakMap<Socket, () => void>()
  /** What has more pending sockets than the limit. */
  const crowded = new Set<Counts>()
  /** All that have not shown a token, oldest first. */
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
        return refuse(
          'handshakes',
          'too many sockets of this address have shown no valid token; connect later',
        )
      enter(address, request.socket, counts)
      return undefined
    },
    authenticated: (connection) => connections.get(connection)?.(),
    close: () => clearInterval(sweep),
  }
}
