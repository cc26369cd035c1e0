import { randomUUID } from 'node:crypto'
import type { types } from 'cassandra-driver'
import type { Cell } from '../../preferences/document.ts'
import { preferencesRevision } from '../rules/revision.ts'
import type { Session, Statement } from './session.ts'

/** The path of a guard. No choice has it. */
const GUARD = ''

/** Reports whether a row is a choice, not a guard. */
export const isChoice = ({ path }: types.Row): boolean => path !== GUARD

/**
 * Conditional changes of one document of preferences, by tenant, slot, user and context. Each replaces the guard of the
 * document, a row that nothing else writes, by an LWT that also makes the change. So of several changes that have read the
 * same guard, one is made. Other changes neither read nor write guards, and are made as if they came later.
 */
export const guardedChoices = (session: Session, table: string) => {
  const DOCUMENT = 'tenant = ? AND slot = ? AND user = ? AND context = ?'
  const REPLACE = `UPDATE ${table} SET value = ? WHERE ${DOCUMENT} AND path = '${GUARD}' IF value = ?`
  const READ = `SELECT path, value FROM ${table} WHERE ${DOCUMENT}`
  const TIME = `SELECT value, writetime(value) AS time FROM ${table} WHERE ${DOCUMENT} AND path = '${GUARD}'`
  const CLEAR = `DELETE FROM ${table} USING TIMESTAMP ? WHERE ${DOCUMENT}`

  return {
    /** Returns the revision of a document, with its guard. */
    read: async (document: readonly unknown[]) => {
      const rows = await session.rows(READ, [...document])
      const guard: string | null = rows.find((row) => !isChoice(row))?.value ?? null
      const cells = rows.filter(isChoice).map(({ path, value }) => [String(path), JSON.parse(value)] as Cell)
      return { guard, revision: preferencesRevision(cells) }
    },

    /** Runs statements on rows of a document if it has this guard. Resolves with whether it did. */
    write: async (document: readonly unknown[], guard: string | null, statements: readonly Statement[]) => {
      const next = randomUUID()
      const replace = { query: REPLACE, params: [next, ...document, guard] }
      if (await session.claimAll([replace, ...statements])) return true
      // The driver repeats a claim whose answer was lost.
      const [now] = await session.rows(TIME, [...document])
      return now?.value === next
    },

    /** Removes a document as it was last written here. For one that an erasure has missed. */
    clear: async (document: readonly unknown[]) => {
      const [now] = await session.rows(TIME, [...document])
      if (now?.time) await session.write([{ query: CLEAR, params: [now.time, ...document] }])
    },
  }
}
