/** A place in a file. Lines and columns count from 1. */
export type Position = { line: number; column: number }

/** What is wrong in a file. */
export type FileProblem = { file: string; message: string } & Partial<Position>

/** A terminal must not obey what stands in files or answers. */
export const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (each) => (each === '\n' || each === '\t' ? each : ' '))

/** Formats a problem as compilers do: `file:line:column: message`. */
export const problemLine = ({ file, line, column, message }: FileProblem): string =>
  printable(`${[file, line, column].filter((part) => part !== undefined).join(':')}: ${message}`)
