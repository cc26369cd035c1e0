/** Exit code of a command that was called wrongly or lacks a setting. */
export const EXIT_USAGE = 2

/** An error that the user can fix. The command ends with its message, without a stack, and exit code 2. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** Ends the process with a message and exit code 2, because the user has to change something first. */
export const refuse = (message: string): never => {
  process.stderr.write(`carillon: ${message.replaceAll('\n', '\ncarillon: ')}\n`)
  process.exit(EXIT_USAGE)
}
