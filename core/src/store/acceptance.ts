import type { Acceptance, AcceptanceClaim } from './ports/notifications.ts'

/**
 * The acceptance that a claim falls under; undefined if the claim is the first. One with the same fingerprint goes
 * before others, and the earlier before the later: a message that is delivered again keeps its answer when further
 * acceptances have been added since.
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

/** The acceptances of an id after a claim has become one of them, without those that have outlived their keep. */
export const withClaim = (
  held: readonly Acceptance[],
  { at, fingerprint, until }: AcceptanceClaim,
): Acceptance[] => {
  const keepMs = until - at
  return [...held.filter((each) => each.at + keepMs > at), { at, fingerprint }]
}

/** Claims by id, the earliest first. Each goes with its place in the list. */
export const claimsById = (
  claims: readonly AcceptanceClaim[],
): Map<string, { claim: AcceptanceClaim; index: number }[]> => {
  const groups = new Map<string, { claim: AcceptanceClaim; index: number }[]>()
  for (const [index, claim] of claims.entries()) {
    const group = groups.get(claim.id)
    if (group) group.push({ claim, index })
    else groups.set(claim.id, [{ claim, index }])
  }
  for (const group of groups.values()) group.sort((one, other) => one.claim.at - other.claim.at)
  return groups
}

/** Acceptances as one cell. */
export const acceptancesCell = (held: readonly Acceptance[]): string =>
  JSON.stringify(held.map(({ at, fingerprint }) => [at, fingerprint]))

/** The reverse of `acceptancesCell`. */
export const readAcceptances = (cell: string): Acceptance[] =>
  (JSON.parse(cell) as [number, string][]).map(([at, fingerprint]) => ({ at, fingerprint }))
