import { hash } from 'node:crypto'
import type { TypeVariant } from '@carillon/schemas'

/** What decides which variant of a type a person gets: always the same for one person. */
export type Split = { tenant: string; type: string }

/** Returns a number in (0, 1), evenly distributed and the same for the same parts. */
const draw = (...parts: string[]): number =>
  (hash('sha256', parts.join('\n'), 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48

/**
 * Returns the variant that a person gets: among those whose condition holds, each with the probability of its weight; undefined
 * if no condition holds. Weighted rendezvous hashing (https://doi.org/10.1109/90.663936): a variant that is added, removed or
 * reweighted moves only people to it or from it, and nobody between two others. Pure, and the same for the same person.
 */
export const variantOf = <Variant extends Pick<TypeVariant, 'key' | 'weight' | 'if'>>(
  variants: readonly Variant[],
  { tenant, type, user }: Split & { user: string },
  holds: (condition: string | undefined) => boolean,
): Variant | undefined => {
  let chosen: Variant | undefined
  let shortest = Number.POSITIVE_INFINITY
  for (const variant of variants) {
    if (!holds(variant.if)) continue
    // The shortest of exponential waiting times is that of each variant with the probability of its rate.
    const wait = -Math.log(draw('variant', tenant, type, user, variant.key)) / variant.weight
    if (wait < shortest) [chosen, shortest] = [variant, wait]
  }
  return chosen
}
