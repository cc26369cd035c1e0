#!/usr/bin/env node
import { inspect } from 'node:util'
import { SetupError } from '@carillon/core/errors'
import { runCommandLine } from './commands/command-line.ts'
import { program } from './commands/program.ts'
import { CommandError, EXIT_USAGE } from './process/command-error.ts'

/** Reports whether the error can be fixed only by the user. */
const isUsage = (error: unknown) => error instanceof CommandError || error instanceof SetupError

/** Returns only the message for errors of the user and the system, otherwise the stack. */
const describe = (error: unknown): string => {
  const plain = isUsage(error) || (error instanceof Error && 'syscall' in error)
  return plain ? (error as Error).message : inspect(error)
}

try {
  await runCommandLine(program)
} catch (error) {
  process.stderr.write(`carillon: ${describe(error)}\n`)
  process.exit(isUsage(error) ? EXIT_USAGE : 1)
}
