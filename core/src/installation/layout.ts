import { SetupError } from '../errors.ts'

/**
 * The version of all stored data: tables, streams, buckets, keys. Increment it with every incompatible change
 * without a migration. Processes reject data of another layout.
 */
export const LAYOUT = 4

/**
 * The record stored with the data: its layout, the namespace of the installation that owns it, and a check
 * value that only the secret of the installation opens.
 */
export type Installation = { layout: number; namespace: string; secretCheck: string }

/**
 * Throws SetupError if `layout` is not LAYOUT; undefined means data without a record. `what` names the data,
 * and `remedy` says what to do about older data.
 */
export const requireLayout = (what: string, layout: number | undefined, remedy: string): void => {
  if (layout === LAYOUT) return
  if (layout !== undefined && layout > LAYOUT)
    throw new SetupError(
      `${what} was made by a newer Carillon (layout ${layout}; this version has ${LAYOUT}): run that version`,
    )
  const age = layout === undefined ? 'no layout on record' : `layout ${layout}`
  throw new SetupError(
    `${what} was made by an older Carillon or by another program (${age}; this version needs ${LAYOUT}), and cannot be converted. Nothing was changed. ${remedy}`,
  )
}
