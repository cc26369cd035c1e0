#!/usr/bin/env node
import { inspect } from 'node:util'
import { SetupError } from '@carillon/core/errors'
import { runCommandLine } from './commands/command-line.ts'
import { program } from './commands/program.ts'
import { CommandError, EXIT_USAGE } from './process/refuse.ts'

/** What a person has to change first. */
const isUsage = (error: unknown) => error instanceof CommandError || error instanceof SetupError

/** A stack says nothing about a directory that may not be written, nor about what a person can mend. */
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
