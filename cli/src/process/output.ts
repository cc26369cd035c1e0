/** Prints a result to stdout, for people and pipes. The log is separate. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Prints a remark to stderr, so that it is not part of the result. */
export const note = (text: string): void => {
  process.stderr.write(`carillon: ${text}\n`)
}
