#!/usr/bin/env node
import { inspect } from 'node:util'
import { EXIT_USAGE, runCommandLine } from './command-line.ts'
import { program } from './program.ts'
import { CommandError } from './settings.ts'

/** A stack says nothing about a directory that may not be written, nor about what a person can mend. */
const describe = (error: unknown): string => {
  const plain = error instanceof CommandError || (error instanceof Error && 'syscall' in error)
  return plain ? error.message : inspect(error)
}

try {
  await runCommandLine(program)
} catch (error) {
  process.stderr.write(`carillon: ${describe(error)}\n`)
  process.exit(error instanceof CommandError ? EXIT_USAGE : 1)
}
