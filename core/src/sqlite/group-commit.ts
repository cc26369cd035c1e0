import type Libsql from 'libsql'
import type { Wal } from './wal.ts'

/** Time budget of one commit, so that the event loop stays responsive. */
const COMMIT_BUDGET_MS = 20

/**
 * When a write resolves. `synced`: it is on disk. `committed`: it survives a crash of the process; a power failure may undo
 * it together with all later writes, so use it for work that is then repeated.
 */
export type Durability = 'synced' | 'committed'

type Waiting = {
  work: () => unknown
  durability: Durability
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

type Outcome = Waiting & ({ result: unknown } | { error: unknown })

/** An SQLite error code, so that callers treat it as temporary. */
const tooMany = (count: number) =>
  Object.assign(new Error(`${count} writes are waiting for the disk`), { code: 'SQLITE_BUSY' })

const settle = (outcomes: readonly Outcome[], failed: Error | null = null) => {
  for (const outcome of outcomes)
    if (failed) outcome.reject(failed)
    else if ('error' in outcome) outcome.reject(outcome.error)
    else outcome.resolve(outcome.result)
}

const transaction = <T>(handle: Libsql.Database, work: () => T): T => {
  handle.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    handle.exec('COMMIT')
    return result
  } catch (error) {
    if (handle.inTransaction) handle.exec('ROLLBACK')
    throw error
  }
}

/** Runs as much of `batch` as the budget allows, in order. If one piece fails, runs each in its own transaction. */
const run = (handle: Libsql.Database, batch: readonly Waiting[]): Outcome[] => {
  const outcomes: Outcome[] = []
  let tried = 0
  try {
    transaction(handle, () => {
      const deadline = performance.now() + COMMIT_BUDGET_MS
      while (tried < batch.length && (tried === 0 || performance.now() < deadline)) {
        const each = batch[tried++]!
        outcomes.push({ result: each.work(), ...each })
      }
    })
    return outcomes
  } catch {
    return batch.slice(0, tried).map((each) => {
      try {
        return { result: transaction(handle, each.work), ...each }
      } catch (error) {
        return { error, ...each }
      }
    })
  }
}

/**
 * Commits writes of one turn of the event loop together. `wal` is absent for a database in memory. Accepts at most
 * `waitingMax` waiting writes.
 */
export const groupCommit = (handle: Libsql.Database, wal: Wal | undefined, waitingMax: number) => {
  let waiting: Waiting[] = []
  let closed = false
  let full = false
  const note = (error: unknown) => {
    full = error instanceof Error && 'code' in error && error.code === 'SQLITE_FULL'
  }

  const commit = () => {
    const held = closed ? undefined : wal?.held()
    if (held) {
      void held.then(commit)
      return
    }
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    const refusal = wal?.refusal()
    if (refusal) {
      note(refusal)
      for (const { reject } of batch) reject(refusal)
      return
    }
    const outcomes = run(handle, batch)
    for (const outcome of outcomes) note('error' in outcome ? outcome.error : undefined)
    wal?.wrote()
    const synced = wal ? outcomes.filter(({ durability }) => durability === 'synced') : []
    if (synced.length > 0) wal?.sync((failed) => settle(synced, failed))
    settle(wal ? outcomes.filter(({ durability }) => durability === 'committed') : outcomes)
    if (outcomes.length < batch.length) {
      waiting = [...batch.slice(outcomes.length), ...waiting]
      setImmediate(commit)
    }
  }

  return {
    /** Runs work as `Database.write` does. */
    write: <T>(work: () => T, durability: Durability = 'synced') =>
      new Promise<T>((resolve, reject) => {
        if (closed) return reject(new Error('the database is closed'))
        if (waiting.length >= waitingMax) return reject(tooMany(waitingMax))
        if (waiting.push({ work, durability, resolve: resolve as (value: unknown) => void, reject }) === 1)
          setImmediate(commit)
      }),
    /** Reports whether the last write failed because the disk is full. */
    isDiskFull: () => full,
    /** Commits waiting writes. Later ones are rejected. */
    close: () => {
      closed = true
      while (waiting.length > 0) commit()
    },
  }
}
