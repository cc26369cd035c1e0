/** Retention of `event` subjects. They are a feed; the store keeps the state. */
export const EVENT_RETENTION_MS = 24 * 3_600_000
