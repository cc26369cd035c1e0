import { grouped } from '../../group-by.ts'
import type { Acceptance, AcceptanceClaim } from '../ports/notifications.ts'

/**
 * Returns the acceptance that a claim repeats; undefined if the claim is the first. Prefers an acceptance
 * with the same fingerprint, then the earliest, so that a redelivered message gets the same result after
 * later acceptances.
 */
export const standing = (
  held: readonly Acceptance[],
  { at, fingerprint, windowMs = Infinity }: AcceptanceClaim,
): Acceptance | undefined => {
  const near = held
    .filter((each) => Math.abs(each.at - at) < windowMs)
    .sort((one, other) => one.at - other.at)
  return near.find((each) => each.fingerprint === fingerprint) ?? near[0]
}

/** Returns the acceptances of an id with a new claim added and expired ones dropped. */
export const withClaim = (
  held: readonly Acceptance[],
  { at, fingerprint, until }: AcceptanceClaim,
): Acceptance[] => {
  const keepMs = until - at
  return [...held.filter((each) => each.at + keepMs > at), { at, fingerprint }]
}

/** Groups claims by id, earliest first. Each keeps its index in the list. */
export const claimsById = (
  claims: readonly AcceptanceClaim[],
): Map<string, { claim: AcceptanceClaim; index: number }[]> => {
  const indexed = claims.map((claim, index) => ({ claim, index }))
  const groups = grouped(indexed, ({ claim }) => claim.id)
  for (const group of groups.values()) group.sort((one, other) => one.claim.at - other.claim.at)
  return groups
}

/** Serializes acceptances for one cell. */
export const acceptancesCell = (held: readonly Acceptance[]): string =>
  JSON.stringify(held.map(({ at, fingerprint }) => [at, fingerprint]))

/** Parses what `acceptancesCell` returned. */
export const readAcceptances = (cell: string): Acceptance[] =>
  (JSON.parse(cell) as [number, string][]).map(([at, fingerprint]) => ({ at, fingerprint }))
