import { type Seal, TAG_DIGITS } from '../security/seal.ts'

type Tagging = Pick<Seal, 'tag'>

/** Returns a UUIDv7 whose last four digits are replaced by a keyed hash of the others, so that `isMadeId` recognizes it. */
export const madeId = (seal: Tagging, tenant: string, uuid7: string): string => {
  const start = uuid7.slice(0, -TAG_DIGITS)
  return `${start}${seal.tag(start, `made-id:${tenant}`)}`
}

/** Reports whether a hub has made this id for a notification of the tenant. One in 65,536 other UUIDs passes, too. */
export const isMadeId = (seal: Tagging, tenant: string, id: string): boolean =>
  madeId(seal, tenant, id) === id
