import { cellsOf } from '@carillon/core/preferences/document'
import { settingsRevision } from '@carillon/core/store/rules/revision'
import type { Preferences } from '@carillon/schemas'

/** Returns the tag of preferences for `ETag`. The order in which choices were made does not matter. */
export const preferencesTag = (document: Preferences): string =>
  settingsRevision(cellsOf(document).sort(([one], [other]) => (one < other ? -1 : 1)))
