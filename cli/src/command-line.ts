import { Command, CommanderError, InvalidArgumentError } from '@commander-js/extra-typings'

/** Exit code of a command that was called wrongly or that lacks a setting. */
export const EXIT_USAGE = 2

/**
 * Returns a command line that refuses unknown options, unknown commands and leftover arguments and suggests the nearest
 * known one. Subcommands inherit this. Run it with `runCommandLine`.
 */
export const commandLine = (name: string) =>
  new Command(name)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, `${name}: `)),
    })
    .showHelpAfterError('(add --help to see what there is)')
    .exitOverride()

/** Runs the command that `argv` names. Sets exit code 2 if `argv` is refused; rejects with what the command throws. */
export const runCommandLine = async (program: { parseAsync(): Promise<unknown> }): Promise<void> => {
  try {
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
  }
}

/** Parses an option as a whole number from `min` to `max`. */
export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text)
    if (text.trim() !== '' && Number.isInteger(number) && number >= min && number <= max) return number
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`It must be a whole number ${range}.`)
  }
