import { ProblemError } from '@carillon/core/errors'
import type { Owner, Seen } from '@carillon/core/store/ports/inbox'
import { sees } from '@carillon/schemas'

/** A user, and the contexts that their token is limited to. */
export type Viewer = Owner & Seen

/** Throws `forbidden` if the user's token does not include a context that a request names. */
export const requireContext = ({ contexts }: Seen, context: string | undefined): void => {
  if (context !== undefined && !sees(contexts, { context }))
    throw new ProblemError('forbidden', 'the user token is limited to other contexts')
}
