import { ContextSettings } from '@carillon/schemas'
import type { StoredContext } from '../ports/contexts.ts'
import { stored } from './damaged-row.ts'
import { settingsRevision } from './revision.ts'

/** Reads a context from its key and its settings as JSON. */
export const readContext = (tenant: string, key: string, text: string): StoredContext => {
  const settings = stored(ContextSettings, text, `a context of tenant ${tenant}`)
  return { key, settings, revision: settingsRevision(settings) }
}
