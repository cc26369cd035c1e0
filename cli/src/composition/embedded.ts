import type { Seal } from '@carillon/core/security/seal'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { measureDatabase } from '@carillon/core/sqlite/measure'
import { CommandError } from '../process/command-error.ts'
import type { Context } from './context.ts'

/** Returns the embedded database, opened by the first call. */
export type Embedded = (namespace?: string) => Database

const openFile = (file: string, options: { namespace?: string; seal: Seal }): Database => {
  try {
    return openDatabase(file, options)
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string }
    if (!code?.startsWith('SQLITE_')) throw cause
    throw new CommandError(`${file} cannot be opened: ${message}`, { cause })
  }
}

/** Opens the embedded file on first use. A new file is recorded under the namespace of that call. */
export const createEmbedded = ({ config, closers, metrics }: Context, seal: Seal, file: string): Embedded => {
  let database: Database | undefined
  return (namespace = config.namespace) => {
    if (!database) {
      const opened = openFile(file, { namespace, seal })
      if (metrics) measureDatabase(opened, metrics)
      closers.add('database', () => opened.close())
      database = opened
    }
    return database
  }
}
