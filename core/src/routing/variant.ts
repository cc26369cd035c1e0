import { hash } from 'node:crypto'
import type { TypeVariant } from '@carillon/schemas'

/** The key of the assignment to variants, together with the user id. */
export type Split = { tenant: string; type: string }

/** Returns a number in (0, 1), evenly distributed and the same for the same parts. */
const draw = (...parts: string[]): number =>
  (hash('sha256', parts.join('\n'), 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48

/**
 * Returns the variant that a person gets; undefined if no variant's condition holds. Variants whose condition holds are
 * chosen with a probability proportional to their weight. Weighted rendezvous hashing (https://doi.org/10.1109/90.663936):
 * adding, removing or reweighting a variant moves people only to it or from it, never between two others. Pure.
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
    // Among exponential waiting times, each is the shortest with a probability proportional to its rate.
    const wait = -Math.log(draw('variant', tenant, type, user, variant.key)) / variant.weight
    if (wait < shortest) [chosen, shortest] = [variant, wait]
  }
  return chosen
}
