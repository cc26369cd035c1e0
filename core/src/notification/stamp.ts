import type { NotificationType } from '@carillon/schemas'
import type { Headers } from '../stream/headers.ts'

const ID = 'carillon-id'
const MADE = 'made'
const VERSION = 'carillon-type-version'
const REVISION = 'carillon-library'
const NO_TYPE = '0'

/**
 * Returns headers that describe to dispatchers how a hub accepted a notification: the version of its type, the revision of
 * the library if its templates may refer to it, and whether the hub created the id, so that dispatchers need not check it
 * for reuse. Publishers on NATS can set these headers too, but affect only their own tenant: the id is not checked, or
 * another version applies.
 */
export const stampOf = (
  type: Pick<NotificationType, 'version'> | undefined,
  madeId: boolean,
  revision?: number,
): Headers =>
  new Map([
    [VERSION, type === undefined ? NO_TYPE : String(type.version)],
    ...(revision === undefined ? [] : ([[REVISION, String(revision)]] as const)),
    ...(madeId ? ([[ID, MADE]] as const) : []),
  ])

export const hasMadeId = (headers: Headers | undefined): boolean => headers?.get(ID) === MADE

const numberIn = (headers: Headers | undefined, name: string): number | undefined => {
  const value = headers?.get(name)
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined
}

/** Returns the stamped version of the type, 0 for none; undefined without a stamp. */
export const stampedVersion = (headers: Headers | undefined) => numberIn(headers, VERSION)

/** Returns the stamped revision of the library; undefined without one. */
export const stampedRevision = (headers: Headers | undefined) => numberIn(headers, REVISION)
