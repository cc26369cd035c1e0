import type { StoredType } from '@carillon/schemas'
import type { Headers } from '../stream/headers.ts'

const ID = 'carillon-id'
const MADE = 'made'
const VERSION = 'carillon-type-version'
const NO_TYPE = '0'

/**
 * The headers with which a hub tells dispatchers what it settled when it accepted a notification: under which version of
 * its type, if it has one, and whether the hub made the id, so that dispatchers need not ask if it was used before.
 * Whoever may publish for a tenant can write them too: then that tenant's ids are not checked for other content.
 */
export const stampOf = (type: Pick<StoredType, 'version'> | undefined, madeId: boolean): Headers =>
  new Map([
    [VERSION, type === undefined ? NO_TYPE : String(type.version)],
    ...(madeId ? ([[ID, MADE]] as const) : []),
  ])

export const hasMadeId = (headers: Headers | undefined): boolean => headers?.get(ID) === MADE

/** The version of its type under which a notification was accepted, 0 for none; undefined if no hub has said. */
export const stampedVersion = (headers: Headers | undefined): number | undefined => {
  const version = headers?.get(VERSION)
  return version !== undefined && /^\d{1,9}$/.test(version) ? Number(version) : undefined
}
