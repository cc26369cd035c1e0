/** How long event subjects are kept: they are a feed, not a record; what people did is in the store. */
export const EVENT_RETENTION_MS = 24 * 3_600_000
