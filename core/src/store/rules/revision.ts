import { hash } from 'node:crypto'
import type { Cell } from '../../preferences/document.ts'

/** Returns the revision of stored text: a hash of it. */
export const revisionOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

/** Returns the revision of settings. It depends on the order of fields, which parsing makes that of the schema. */
export const settingsRevision = (settings: object): string => revisionOf(JSON.stringify(settings))

/** Returns the revision of a document of preferences. The order in which choices were made does not matter. */
export const preferencesRevision = (cells: readonly Cell[]): string =>
  settingsRevision(cells.toSorted(([one], [other]) => (one < other ? -1 : 1)))
