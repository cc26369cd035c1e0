import type { Seal } from '../security/seal.ts'

const TAG_DIGITS = 4

const tagOf = (seal: Pick<Seal, 'digest'>, tenant: string, start: string): string =>
  Buffer.from(seal.digest(start, `made-id:${tenant}`), 'base64url')
    .toString('hex')
    .slice(0, TAG_DIGITS)

/** Returns a UUIDv7 whose last four digits are replaced by a keyed hash of the others, so that `isMadeId` recognizes it. */
export const madeId = (seal: Pick<Seal, 'digest'>, tenant: string, uuid7: string): string => {
  const start = uuid7.slice(0, -TAG_DIGITS)
  return `${start}${tagOf(seal, tenant, start)}`
}

/** Reports whether a hub has made this id for a notification of the tenant. One in 65,536 other UUIDs passes, too. */
export const isMadeId = (seal: Pick<Seal, 'digest'>, tenant: string, id: string): boolean =>
  madeId(seal, tenant, id) === id
