import { build, type Histogram } from 'hdr-histogram-js'

/** Creates a histogram for µs, up to two minutes. */
export const newHistogram = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  })
