/** Delays, in milliseconds. */
export type Timing = {
  /** How long a message that overtook others is delayed. */
  straggler: number
  /** How long received ids are collected before they are acknowledged. */
  acknowledge: number
  /** Refetches that many clients start at once are spread over this time. */
  spread: number
  /** A visible page is refetched after one to two times this. */
  poll: number
  /** How long the client waits for a WebSocket before it polls as well. */
  fallback: number
  /** The pause between short polls, which are used if long requests are blocked. */
  shortPoll: number
  /** A long poll that fails after this time was probably cut by a proxy. */
  cut: number
  /** How long an app without input stays active. */
  idle: number
  /** How long the first fetch waits for the live connection, so that one fetch is enough. */
  patience: number
  /** The first delay after a failure; it doubles up to `retryMax`. */
  retry: number
  retryMax: number
  /** The first delay after the hub refused a fresh token; it doubles up to `refusedMax`. */
  refused: number
  refusedMax: number
  /** The timeout of one HTTP request or connection attempt. */
  request: number
}

export const TIMING: Timing = {
  straggler: 200,
  acknowledge: 100,
  spread: 2_000,
  poll: 60_000,
  fallback: 6_000,
  shortPoll: 20_000,
  cut: 2_000,
  idle: 300_000,
  patience: 1_000,
  retry: 1_000,
  retryMax: 30_000,
  refused: 30_000,
  refusedMax: 600_000,
  request: 15_000,
}
