import { SetupError } from '../errors.ts'
import type { Seal } from '../security/seal.ts'

const CONTEXT = 'installation'

/**
 * Returns the sealed check value that an installation stores with its namespace. Only the same secret opens
 * it.
 */
export const secretCheckOf = (seal: Pick<Seal, 'seal'>, namespace: string): string =>
  seal.seal(namespace, CONTEXT)

/** Throws SetupError if another secret sealed the check value `stored`. `what` names the data. */
export const requireSecret = (
  what: string,
  { namespace, secretCheck }: { namespace: string; secretCheck: string },
  seal: Pick<Seal, 'open'>,
): void => {
  try {
    if (seal.open(secretCheck, CONTEXT) === namespace) return
  } catch {
    // Sealed with a different key.
  }
  throw new SetupError(
    `${what} was written with another secret: set CARILLON_SECRET to the secret that the installation ${namespace} was first started with`,
  )
}
