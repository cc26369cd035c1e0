import { type Client, errors, types } from 'cassandra-driver'
import { UnavailableError } from '../../errors.ts'
import { slices } from '../../group-by.ts'

/** A statement and its values. The number of distinct texts must be bounded, because the driver caches prepared statements. */
export type Statement = { query: string; params: unknown[] }

/** A session of one keyspace. Statements are prepared, idempotent and settle within the driver's time limits. */
export type Session = {
  /** Returns the qualified name of a table. */
  table(name: string): string
  /**
   * Yields pages of rows, partition by partition; each element of `partitions` is the values of one. Requests the first page
   * of each, of `size` rows, at once, and further pages, growing to SCAN_MOST, on demand.
   */
  scan(query: string, partitions: unknown[][], size?: number): AsyncGenerator<types.Row[]>
  /** Returns all rows, over any number of pages. */
  rows(query: string, params: unknown[]): Promise<types.Row[]>
  /** Runs statements of one partition as one mutation per 50 statements. */
  write(statements: Statement[]): Promise<void>
  /** Like `write`, for at most 50 statements. They are created when they are sent, so their times are current. */
  writeNow(make: () => Statement[]): Promise<void>
  /** Returns rows that claims write, at most a page, as linearizable as they are. */
  claimed(query: string, params: unknown[]): Promise<types.Row[]>
  /** Runs an INSERT … IF NOT EXISTS, linearizable in this data center. Resolves with the existing row, if any. */
  claim(query: string, params: unknown[]): Promise<types.Row | undefined>
  /** Like `claim`, for at most CLAIMS rows of one partition, all or none. Resolves with whether it was applied. */
  claimAll(statements: Statement[]): Promise<boolean>
}

/** Maximum outstanding statements of this process. */
const IN_FLIGHT = 384

/** Default page size. */
const PAGE = 2_000
const SCAN_MOST = 512
/**
 * Statements per mutation. With content of maximum size (64 KiB), a mutation stays well below Cassandra's
 * limit of 16 MiB.
 */
const BATCH = 50
/** Maximum rows per claim. */
export const CLAIMS = 50

const PREPARED = { prepare: true }
const SERIAL_READ = { prepare: true, consistency: types.consistencies.localSerial }
const SERIAL = { prepare: true, serialConsistency: types.consistencies.localSerial }
const UNLOGGED = { prepare: true, logged: false }
const UNLOGGED_SERIAL = { ...UNLOGGED, ...SERIAL }

const { responseErrorCodes: codes } = types
const NOT_NOW: number[] = [
  codes.serverError,
  codes.unavailableException,
  codes.overloaded,
  codes.isBootstrapping,
  codes.truncateError,
  codes.writeTimeout,
  codes.readTimeout,
  codes.readFailure,
  codes.writeFailure,
]

/** Maps errors of the driver about unavailability to UnavailableError; returns other errors unchanged. */
export const translate = (error: unknown): unknown => {
  if (error instanceof errors.ResponseError)
    return NOT_NOW.includes(error.code) ? new UnavailableError('store', error) : error
  const notNow =
    error instanceof errors.DriverError &&
    !(error instanceof errors.ArgumentError || error instanceof errors.NotSupportedError)
  return notNow ? new UnavailableError('store', error) : error
}

/** Limits concurrency to `width`; further work waits in order. */
const gate = (width: number) => {
  let free = width
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } catch (error) {
      throw translate(error)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

export const cassandraSession = (client: Client, keyspace: string): Session => {
  const through = gate(IN_FLIGHT)
  const page = (query: string, params: unknown[], fetchSize: number, pageState?: string) =>
    through(() => client.execute(query, params, { prepare: true, fetchSize, pageState }))
  const scan: Session['scan'] = async function* (query, partitions, size = PAGE) {
    const starts = await Promise.all(partitions.map((params) => page(query, params, size)))
    for (const [index, start] of starts.entries()) {
      yield start.rows
      let more = size
      for (let next = start.pageState; next; ) {
        more = Math.max(size, Math.min(more * 4, SCAN_MOST))
        const { rows, pageState } = await page(query, partitions[index] ?? [], more, next)
        yield rows
        next = pageState
      }
    }
  }
  const mutate = (statements: Statement[]) => {
    const [only] = statements
    return only && statements.length === 1
      ? client.execute(only.query, only.params, PREPARED)
      : client.batch(statements, UNLOGGED)
  }
  return {
    table: (name) => `${keyspace}.${name}`,
    scan,
    rows: async (query, params) => {
      const all: types.Row[] = []
      for await (const rows of scan(query, [params])) for (const row of rows) all.push(row)
      return all
    },
    claimed: async (query, params) => (await through(() => client.execute(query, params, SERIAL_READ))).rows,
    claim: async (query, params) => {
      const result = await through(() => client.execute(query, params, SERIAL))
      return result.wasApplied() ? undefined : result.first()
    },
    claimAll: async (statements) =>
      (await through(() => client.batch(statements, UNLOGGED_SERIAL))).wasApplied(),
    write: async (statements) => {
      for (const batch of slices(statements, BATCH)) await through(() => mutate(batch))
    },
    writeNow: async (make) => {
      await through(() => mutate(make()))
    },
  }
}

/**
 * Runs `work` for every item and starts no more after a failure. The session limits concurrency; `width` bounds what one
 * caller enqueues.
 */
export const forEach = async <T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  width = 256,
): Promise<void> => {
  let next = 0
  let failed = false
  const worker = async () => {
    while (next < items.length && !failed) {
      try {
        await work(items[next++] as T)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
