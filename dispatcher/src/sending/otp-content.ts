import type { Content } from '@carillon/core/delivery/provider'
import { type Step, secretContext } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'

/**
 * Returns the content of a one-time password. The code is decrypted only here and in the request to the
 * provider.
 */
export const otpContent = (seal: Seal, step: Step, now: number): Content => {
  const code = seal.open(step.secret ?? '', secretContext(step))
  const minutes = Math.max(1, Math.round((step.expiresAt - now) / 60_000))
  return {
    title: step.name === undefined ? `Your code is ${code}` : `Your code for ${step.name} is ${code}`,
    body: `It is good for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Do not give it to anybody.`,
  }
}
