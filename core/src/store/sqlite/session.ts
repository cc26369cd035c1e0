import type Libsql from 'libsql'
import { UnavailableError } from '../../errors.ts'
import type { Database } from '../../sqlite/database.ts'
import type { Durability } from '../../sqlite/group-commit.ts'

export type Value = string | number | Buffer | null

/** Prepares and caches statements. The number of distinct SQL texts must be bounded: values are always bound. */
export type Session = {
  all<Row>(sql: string, values: Value[]): Promise<Row[]>
  get<Row>(sql: string, values: Value[]): Promise<Row | undefined>
  /** Runs `work` in the next group commit. It may run more than once. */
  write<T>(work: (write: Write) => T, durability?: Durability): Promise<T>
  /** Runs other work with the database. */
  with<T>(work: (database: Database) => T | Promise<T>): Promise<T>
}

export type Write = {
  /** Returns the number of changed rows and the last inserted rowid. */
  run(sql: string, values: Value[]): { changes: number; row: number }
  first<Row>(sql: string, values: Value[]): Row | undefined
}

/** SQLite error codes of a file, disk or lock that is not available now. */
const NOT_NOW = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)/

const translate = (database: Database, error: unknown): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return NOT_NOW.test(code) || !database.handle.open ? new UnavailableError('store', error) : error
}

export const sqliteSession = (database: Database): Session => {
  const statements = () => {
    const prepared = new Map<string, Libsql.Statement>()
    return (sql: string): Libsql.Statement => {
      const known = prepared.get(sql)
      if (known) return known
      const fresh = database.handle.prepare(sql)
      prepared.set(sql, fresh)
      return fresh
    }
  }
  const statement = statements()
  // libsql: after `all` has found nothing, `get` of the same statement finds nothing either.
  const listing = statements()
  const write: Write = {
    run: (sql, values) => {
      const { changes, lastInsertRowid } = statement(sql).run(values)
      return { changes, row: Number(lastInsertRowid) }
    },
    first: <Row>(sql: string, values: Value[]) => statement(sql).get(values) as Row | undefined,
  }
  const translated = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw translate(database, error)
    }
  }
  return {
    all: <Row>(sql: string, values: Value[]) => translated(() => listing(sql).all(values) as Row[]),
    get: <Row>(sql: string, values: Value[]) =>
      translated(() => statement(sql).get(values) as Row | undefined),
    write: (work, durability) => translated(() => database.write(() => work(write), durability)),
    with: (work) => translated(() => work(database)),
  }
}
