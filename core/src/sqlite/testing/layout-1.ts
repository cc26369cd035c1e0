import { readFileSync } from 'node:fs'
import Libsql from 'libsql'

/** Writes a data file in layout 1, and calls `before` before closing it. For tests. */
export const writeLayout1 = (path: string, before: () => void = () => {}): void => {
  const file = new Libsql(path)
  file.exec('PRAGMA journal_mode = WAL')
  file.exec(readFileSync(new URL('layout-1.sql', import.meta.url), 'utf8'))
  before()
  file.close()
}
