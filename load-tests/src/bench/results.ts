import { type Measurement, shown } from './measure.ts'

const COLUMNS = [
  ['', 42],
  ['value', -10],
  ['unit', 18],
  ['bare', -10],
  ['ratio', -6],
  ['target', 8],
  ['spread', 0],
] as const

export const HEADS: readonly string[] = COLUMNS.map(([head]) => head)

/** Returns the text of a result in each column. */
export const cellsOf = ({
  name,
  value,
  unit,
  baseline,
  ratio,
  aim = '',
  spread = '',
}: Measurement): string[] => [
  ...[name, shown(value), unit],
  ...[baseline === null ? '' : shown(baseline), ratio === null ? '' : ratio.toFixed(2), aim, spread],
]

/** Formats a line of the printed table. A negative width aligns to the right. */
export const asRow = (cells: readonly string[]): string =>
  COLUMNS.map(([, width], column) => {
    const cell = cells[column] ?? ''
    return width < 0 ? cell.padStart(-width) : cell.padEnd(width)
  })
    .join('  ')
    .trimEnd()

const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(6)))

export const asJson = ({ name, value, unit, baseline, ratio }: Measurement): string =>
  JSON.stringify({
    ...{ name, value: rounded(value), unit },
    ...{ baseline: rounded(baseline), ratio: rounded(ratio) },
  })
