import { type Step, secretContext } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'

/** Returns the code of a one-time password; undefined for any other step. It is in the clear only in the message. */
export const codeOf = (seal: Pick<Seal, 'open'>, step: Step): string | undefined =>
  step.secret === undefined ? undefined : seal.open(step.secret, secretContext(step))
