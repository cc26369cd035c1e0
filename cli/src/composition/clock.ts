import { type SharedClock, watchClockOffset } from '@carillon/core/telemetry/clock-offset'
import type { Context } from './context.ts'

/**
 * The offset of a clock that is warned about: a quarter of what inboxes tolerate (two clocks, each wrong either way, and a
 * write that takes half of it).
 */
const OFFSET_MAX_MS = 1_250

/** Measures this process's clock against one that all processes of a cluster can ask, if it serves metrics. */
export const watchClock = ({ closers, log, metrics }: Context, clock: SharedClock): void => {
  if (!metrics) return
  const { stop } = watchClockOffset({ clock, toleranceMs: OFFSET_MAX_MS, metrics, log })
  closers.add('clock', stop)
}
