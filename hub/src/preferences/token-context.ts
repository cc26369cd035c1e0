import { ProblemError } from '@carillon/core/errors'
import { GENERAL } from '@carillon/core/preferences/documents'
import type { EndUser } from '@carillon/core/security/user-tokens'
import { requireContext } from '../inbox/viewer.ts'

type Limited = Pick<EndUser, 'contexts'>

/**
 * Returns the context whose preferences a user reads. The default is the context of a token that is limited to one, else
 * GENERAL, which every token may read. Throws `forbidden` for a context that the token does not include.
 */
export const readContext = ({ contexts }: Limited, context: string | undefined): string => {
  const [only, ...others] = contexts ?? []
  if (context === undefined) return only !== undefined && others.length === 0 ? only : GENERAL
  if (context !== GENERAL) requireContext({ contexts }, context)
  return context
}

/** Like `readContext`, for a change. A limited token cannot change general preferences, which apply in every context. */
export const writtenContext = (user: Limited, context: string | undefined): string => {
  const place = readContext(user, context)
  if (user.contexts && place === GENERAL)
    throw new ProblemError(
      'forbidden',
      'the user token is limited to contexts: name one of them in ?context=',
    )
  return place
}
