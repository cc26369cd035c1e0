import { nearest } from '@carillon/schemas'
import {
  Command,
  CommanderError,
  type CommandUnknownOpts,
  InvalidArgumentError,
} from '@commander-js/extra-typings'
import { EXIT_USAGE } from '../process/command-error.ts'

/**
 * Returns a command line that rejects unknown options, unknown commands and excess arguments, and suggests
 * the nearest known one. Subcommands inherit this. Run it with `runCommandLine`.
 */
export const commandLine = (name: string) =>
  new Command(name)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, `${name}: `)),
    })
    .showHelpAfterError('(add --help for usage)')
    .exitOverride()

/** Adds `help [command]`. Unlike commander's own, it reports a command that does not exist. */
export const addHelp = (program: CommandUnknownOpts): void => {
  program
    .helpCommand(false)
    .command('help')
    .argument('[command]')
    .description('Show the help of the program, or of a command')
    .action((name) => {
      if (name === undefined) return program.help()
      const command = program.commands.find((each) => each.name() === name)
      if (command) return command.help()
      const names = program.commands.map((each) => each.name())
      const close = nearest(name, names)
      const advice = close === undefined ? `known commands are ${names.join(', ')}` : `Did you mean ${close}?`
      return program.error(`error: unknown command '${name}'\n(${advice})`)
    })
}

/** Runs the command in `argv`. Sets exit code 2 if `argv` is invalid; rejects with what the command throws. */
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
