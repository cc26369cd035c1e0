/** A result with its baseline; `ratio` is value ÷ baseline. */
export type Measurement = {
  name: string
  value: number
  unit: string
  baseline: number | null
  ratio: number | null
  /** Printed for readers: minimum and maximum of the rounds, and the target for the ratio. */
  spread?: string
  aim?: string
}

/** An accepted notification was lost or delivered to the wrong user, so the results are invalid. */
export class LossError extends Error {
  override name = 'LossError'
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Formats a number with three significant digits and thousands separators. */
export const shown = (value: number): string =>
  value.toLocaleString('en-US', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })

const range = (values: readonly number[]) => `${shown(Math.min(...values))}–${shown(Math.max(...values))}`

/** Compares the median of the rounds with that of the baseline. */
export const measurement = (
  name: string,
  unit: string,
  values: readonly number[],
  baselines: readonly number[] = [],
  aim?: string,
): Measurement => {
  const value = median(values)
  const baseline = baselines.length > 0 ? median(baselines) : null
  const spreads = [values, baselines].filter(({ length }) => length > 1).map(range)
  return {
    ...{ name, value, unit, baseline, ratio: baseline === null ? null : value / baseline },
    ...(spreads.length > 0 && { spread: spreads.join(' : ') }),
    ...(aim !== undefined && { aim }),
  }
}

/** Runs the contenders interleaved (A-B-A-B), so that disturbances affect all of them. */
export const interleaved = async <Results extends unknown[]>(
  rounds: number,
  ...contenders: { [Index in keyof Results]: () => Promise<Results[Index]> }
): Promise<{ [Index in keyof Results]: Results[Index][] }> => {
  const results: unknown[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, contender] of contenders.entries()) results[index]?.push(await contender())
  return results as { [Index in keyof Results]: Results[Index][] }
}
