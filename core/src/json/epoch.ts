import { z } from 'zod'

/** Epoch milliseconds within the range of a `Date`, from 1970 on. */
export const EpochMs = z.number().min(0).max(8.64e15)
