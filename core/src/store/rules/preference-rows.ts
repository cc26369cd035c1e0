import type { ChangeWay, PreferenceChange } from '@carillon/schemas'
import { grouped } from '../../group-by.ts'
import { type Cell, documentOf } from '../../preferences/document.ts'
import { type Documents, GENERAL } from '../../preferences/documents.ts'

/** One stored choice. `value` is JSON. */
export type ChoiceRow = { user: string; context: string; path: string; value: string }

/** One recorded change. `time` is a write timestamp in µs, unique for each user; `value` is JSON. */
export type ChangeRow = {
  time: number
  via: string
  by: string
  context: string
  path: string
  value: string
}

/** Returns preferences by user. */
export const readChoices = (rows: readonly ChoiceRow[]): Map<string, Documents> =>
  new Map(
    [...grouped(rows, ({ user }) => user)].map(([user, some]) => [
      user,
      new Map(
        [...grouped(some, ({ context }) => context)].map(([context, cells]) => [
          context,
          documentOf(cells.map(({ path, value }): Cell => [path, JSON.parse(value)])),
        ]),
      ),
    ]),
  )

/** Returns a page of changes from at most `limit` rows, newest first. */
export const readChanges = (
  rows: readonly ChangeRow[],
  limit: number,
): { changes: PreferenceChange[]; next?: number } => {
  const last = rows.at(-1)
  return {
    changes: rows.map(({ time, via, by, context, path, value }) => ({
      at: new Date(Math.floor(time / 1_000)).toISOString(),
      via: via as ChangeWay,
      by,
      ...(context === GENERAL ? {} : { context }),
      path,
      value: JSON.parse(value),
    })),
    ...(last && rows.length === limit ? { next: last.time } : {}),
  }
}
