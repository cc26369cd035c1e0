import { nanos } from '@nats-io/transport-node'

const encode = (text: string) => new TextEncoder().encode(text)
/** Acknowledgement types (ADR-15). */
export const ACK = encode('+ACK')
export const NAK = encode('-NAK')
export const TERM = encode('+TERM')
export const WORKING = encode('+WPI')
export const nakAfter = (delayMs: number) => encode(`-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`)

/**
 * Parses an ack subject:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<nanoseconds>.<pending>[.<random>]`.
 */
export const position = (reply: string) => {
  const tokens = reply.split('.')
  const at = tokens.length === 9 ? 4 : 6
  return {
    deliveries: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    // Nanoseconds exceed a double's precision; milliseconds suffice.
    appendedAt: Number((tokens[at + 3] ?? '').slice(0, -6)),
  }
}
