import type Libsql from 'libsql'
import { EVENT_RETENTION_MS } from '../events.ts'
import { RETENTION_MS } from '../port.ts'
import type { Size } from './size.ts'
import { windowOf } from './tables.ts'
import type { Write } from './write.ts'

const EVERY_MS = 30_000
/** Rows per write. */
const CHUNK = 2_000
const EVENTS_MAX = 500_000

/**
 * Removes expired rows now and every 30 s, oldest first, in chunks. Unfinished messages do not expire;
 * instead the log rejects new messages when it is full.
 */
export const startPurging = ({
  handle,
  write,
  size,
  now,
}: {
  handle: Libsql.Database
  write: Write
  size: Size
  now(): number
}) => {
  const aged = (table: string, position: string, at: string) =>
    handle.prepare(`
      DELETE FROM ${table} WHERE ${at} <= ?
      AND ${position} IN (SELECT ${position} FROM ${table} ORDER BY ${position} LIMIT ${CHUNK})`)
  const dedupe = handle.prepare(`
    DELETE FROM stream_dedupe WHERE (window, id) IN
      (SELECT window, id FROM stream_dedupe WHERE window < ? ORDER BY window LIMIT ${CHUNK})`)
  const events = aged('stream_events', 'sequence', 'appended')
  const dead = aged('stream_dead', 'sequence', 'dead_lettered')
  const surplus = handle.prepare(`
    DELETE FROM stream_events WHERE sequence <= (SELECT MAX(sequence) FROM stream_events) - ${EVENTS_MAX}
    AND sequence IN (SELECT sequence FROM stream_events ORDER BY sequence LIMIT ${CHUNK})`)

  let stopped = false
  const purge = async () => {
    for (let more = true; more && !stopped; ) {
      const removed = await write(() => ({
        dedupe: dedupe.run(windowOf(now()) - 1).changes,
        events: events.run(now() - EVENT_RETENTION_MS).changes + surplus.run().changes,
        dead: dead.run(now() - RETENTION_MS).changes,
      }))
      size.kept(-removed.dead)
      more = Object.values(removed).some((count) => count >= CHUNK)
    }
  }
  let running: Promise<void> | undefined
  const start = () => {
    // Retried in 30 s; `check` reports the error.
    running ??= purge()
      .catch(() => {})
      .finally(() => {
        running = undefined
      })
  }
  const timer = setInterval(start, EVERY_MS).unref()
  start()
  return async () => {
    stopped = true
    clearInterval(timer)
    await running
  }
}
