import { hash } from 'node:crypto'

/** Returns the revision of stored text: a hash of it. */
export const revisionOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

/** Returns the revision of settings. The order of their fields matters; that of parsed settings is the schema's. */
export const settingsRevision = (settings: object): string => revisionOf(JSON.stringify(settings))
