import type { NotificationType } from '@carillon/schemas'
import type { Headers } from '../stream/headers.ts'

const ID = 'carillon-id'
const MADE = 'made'
const VERSION = 'carillon-type-version'
const NO_TYPE = '0'

/**
 * Returns headers that describe to dispatchers how a hub accepted a notification: the version of its type,
 * and whether the hub created the id, so that dispatchers need not check it for reuse. Publishers on NATS can
 * set these headers too, but affect only their own tenant: the id is not checked, or another version applies.
 */
export const stampOf = (type: Pick<NotificationType, 'version'> | undefined, madeId: boolean): Headers =>
  new Map([
    [VERSION, type === undefined ? NO_TYPE : String(type.version)],
    ...(madeId ? ([[ID, MADE]] as const) : []),
  ])

export const hasMadeId = (headers: Headers | undefined): boolean => headers?.get(ID) === MADE

/** Returns the stamped version of the type, 0 for none; undefined without a stamp. */
export const stampedVersion = (headers: Headers | undefined): number | undefined => {
  const version = headers?.get(VERSION)
  return version !== undefined && /^\d{1,9}$/.test(version) ? Number(version) : undefined
}
