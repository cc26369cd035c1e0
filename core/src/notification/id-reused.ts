import { ProblemError } from '../errors.ts'

/** The problem of a second notification under `what` (in words) whose content differs from the first. */
export const idReused = (what: string, pointer?: string): ProblemError =>
  new ProblemError(
    'id_reused',
    `${what} was used with other content: give another notification an id of its own`,
    {
      ...(pointer === undefined ? {} : { errors: [{ pointer, message: 'was used with other content' }] }),
    },
  )
