/** One number of a run, with the bare number it is held against; `ratio` is value ÷ baseline. */
export type Measurement = {
  name: string
  value: number
  unit: string
  baseline: number | null
  ratio: number | null
  /** For people: least and most of the rounds, and what the ratio is meant to be. */
  spread?: string
  aim?: string
}

/** A notification that was accepted did not arrive, or arrived at somebody else's: no number counts any more. */
export class LossError extends Error {
  override name = 'LossError'
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** A number of three significant digits, thousands apart. */
export const shown = (value: number): string =>
  value.toLocaleString('en-US', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })

const range = (values: readonly number[]) => `${shown(Math.min(...values))}–${shown(Math.max(...values))}`

/** The median of the rounds, and of those of the bare baseline. */
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

/** Runs the contenders in turns (A-B-A-B), so that what disturbs one disturbs all. */
export const interleaved = async <Results extends unknown[]>(
  rounds: number,
  ...contenders: { [Index in keyof Results]: () => Promise<Results[Index]> }
): Promise<{ [Index in keyof Results]: Results[Index][] }> => {
  const results: unknown[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, contender] of contenders.entries()) results[index]?.push(await contender())
  return results as { [Index in keyof Results]: Results[Index][] }
}
