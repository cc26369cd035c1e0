import { parse } from '@carillon/schemas'
import { Captured } from '../delivery/captured.ts'
import type { Seal } from '../security/seal.ts'
import type { Database } from './database.ts'

/** Messages captured in development, sealed, in the embedded file. Keeps the newest `max`. */
export type CapturedStore = {
  /** Returns the messages, oldest first. */
  list(): Captured[]
  /** Replaces a message with the same id. Resolves when it is committed. */
  put(message: Captured): Promise<void>
}

const CONTEXT = 'captured'

export const sqliteCaptured = ({
  database,
  seal,
  max,
}: {
  database: Database
  seal: Seal
  max: number
}): CapturedStore => {
  const { handle } = database
  handle.exec(
    'CREATE TABLE IF NOT EXISTS captured (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, content TEXT NOT NULL)',
  )
  const remove = handle.prepare('DELETE FROM captured WHERE id = ?')
  const insert = handle.prepare('INSERT INTO captured (id, content) VALUES (?, ?)')
  const trim = handle.prepare(
    'DELETE FROM captured WHERE number <= (SELECT number FROM captured ORDER BY number DESC LIMIT 1 OFFSET ?)',
  )
  const select = handle.prepare('SELECT content FROM captured ORDER BY number')

  /** Ignores messages sealed with another root secret or written by another version. */
  const read = (content: string): Captured[] => {
    try {
      const parsed = parse(Captured, JSON.parse(seal.open(content, CONTEXT)))
      return parsed.success ? [parsed.data] : []
    } catch {
      return []
    }
  }

  return {
    list: () => (select.all() as { content: string }[]).flatMap(({ content }) => read(content)),
    put: (message) => {
      const content = seal.seal(JSON.stringify(message), CONTEXT)
      return database.write(() => {
        remove.run(message.id)
        insert.run(message.id, content)
        trim.run(max)
      }, 'committed')
    },
  }
}
