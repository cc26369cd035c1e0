import { type SharedClock, watchClockOffset } from '@carillon/core/telemetry/clock-offset'
import type { Context } from './context.ts'

/**
 * The clock offset above which a warning is logged: a quarter of the tolerance of inboxes (two clocks, each
 * wrong either way, and a write that takes half of it).
 */
const OFFSET_MAX_MS = 1_250

/**
 * Measures this process's clock against one that is shared by all processes of a cluster, if the process
 * serves metrics.
 */
export const watchClock = ({ closers, log, metrics }: Context, clock: SharedClock): void => {
  if (!metrics) return
  const { stop } = watchClockOffset({ clock, toleranceMs: OFFSET_MAX_MS, metrics, log })
  closers.add('clock', stop)
}
