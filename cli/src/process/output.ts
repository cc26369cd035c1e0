import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { refuse } from './command-error.ts'

/** Prints a result to stdout, for people and pipes. The log is separate. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Prints a remark to stderr, so that it is not part of the result. */
export const note = (text: string): void => {
  process.stderr.write(`carillon: ${text}\n`)
}

/** Writes a result to a file, whose folder is created if missing. Ends the process if the file cannot be written. */
export const writeResult = async (file: string, text: string): Promise<void> => {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  } catch (error) {
    refuse(`${file} cannot be written: ${(error as Error).message}`)
  }
}
