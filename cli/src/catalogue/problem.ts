/** A place in a file. Lines and columns count from 1. */
export type Position = { line: number; column: number }

/** A problem in a file. `pointer`: its place in the resource, a JSON Pointer (RFC 6901). */
export type FileProblem = { file: string; message: string; pointer?: string } & Partial<Position>

/** Replaces control characters, so that text from files and answers cannot control the terminal. */
export const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (each) => (each === '\n' || each === '\t' ? each : ' '))

/** Formats a problem as compilers do: `file:line:column: message`. */
export const problemLine = ({ file, line, column, message }: FileProblem): string =>
  printable(`${[file, line, column].filter((part) => part !== undefined).join(':')}: ${message}`)
