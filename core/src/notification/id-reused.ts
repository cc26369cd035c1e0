import { ProblemError } from '../errors.ts'

/**
 * Returns the problem of a second notification with the same id and different content. `what` names the
 * notification.
 */
export const idReused = (what: string, pointer?: string): ProblemError =>
  new ProblemError(
    'id_reused',
    `${what} was used with other content: use a new id for another notification`,
    {
      ...(pointer === undefined ? {} : { errors: [{ pointer, message: 'was used with other content' }] }),
    },
  )
