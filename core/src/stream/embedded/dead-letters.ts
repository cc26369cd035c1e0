import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import { codeOf, filedUnder, letterOf } from '../dead-letter.ts'
import { readHeaders } from '../headers.ts'
import type { DeadLetter, DeadReason, Message } from '../port.ts'

type Row = {
  sequence: number
  tenant: string
  queue: Queue
  subject: string
  code: string
  detail: string
  data: ArrayBuffer
  headers: string | null
  truncated: number
  origin: number
  dead_lettered: number
}

export const deadLetters = (handle: Libsql.Database) => {
  const insert = handle.prepare(`
    INSERT INTO stream_dead (id, tenant, queue, subject, code, detail, data, headers, truncated, origin, dead_lettered)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`)
  const all = handle.prepare('SELECT * FROM stream_dead WHERE sequence >= ? ORDER BY sequence LIMIT ?')
  const ofTenant = handle.prepare(
    'SELECT * FROM stream_dead WHERE tenant = ? AND sequence >= ? ORDER BY sequence LIMIT ?',
  )
  const one = handle.prepare('SELECT * FROM stream_dead WHERE sequence = ? AND tenant = ?')
  const remove = handle.prepare('DELETE FROM stream_dead WHERE sequence = ?')
  return {
    /** Stores a letter, inside a write. Returns 0 if the message already has one, else 1. */
    deposit(letter: { message: Message; reason: DeadReason }, at: number): number {
      const {
        id,
        tenant,
        queue,
        subject,
        code,
        detail,
        data,
        headers = null,
        truncated,
        origin,
      } = letterOf(letter)
      const values = [id, tenant, queue, subject, code, detail, data, headers, truncated ? 1 : 0, origin, at]
      return insert.run(values).changes
    },

    list({ tenant, from = 1, limit }: { tenant?: string; from?: number; limit: number }): DeadLetter[] {
      if (tenant !== undefined && filedUnder(tenant) !== tenant) return []
      const rows = tenant === undefined ? all.all(from, limit) : ofTenant.all(tenant, from, limit)
      return (rows as Row[]).map(read)
    },

    get(tenant: string, sequence: number): DeadLetter | undefined {
      const row = one.get(sequence, tenant) as Row | undefined
      return row && read(row)
    },

    /** Removes a letter, inside a write. Returns the number removed: 0 or 1. */
    remove: (sequence: number): number => remove.run(sequence).changes,
  }
}

const read = ({
  code,
  detail,
  truncated,
  origin,
  dead_lettered: deadLetteredAt,
  ...row
}: Row): DeadLetter => {
  const headers = readHeaders(row.headers)
  return {
    sequence: row.sequence,
    tenant: row.tenant,
    queue: row.queue,
    subject: row.subject,
    reason: { code: codeOf(code), detail },
    data: new Uint8Array(row.data),
    ...(headers && { headers }),
    truncated: truncated === 1,
    origin,
    deadLetteredAt,
  }
}
