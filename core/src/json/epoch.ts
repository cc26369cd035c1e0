import { z } from 'zod'

/** A time in epoch milliseconds that a `Date` can hold, from 1970 on. */
export const EpochMs = z.number().min(0).max(8.64e15)
