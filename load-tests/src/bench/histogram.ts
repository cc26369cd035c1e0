import { build, type Histogram } from 'hdr-histogram-js'

const HIGHEST = 120_000_000

/** Creates a histogram for µs, up to two minutes. */
export const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST, numberOfSignificantValueDigits: 3 })

/** Records a duration in ms. Longer ones than two minutes count as two minutes. */
export const recordMs = (histogram: Histogram, ms: number): void =>
  histogram.recordValue(Math.min(HIGHEST, Math.max(1, Math.round(ms * 1_000))))
