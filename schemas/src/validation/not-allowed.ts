import { z } from 'zod'

/** Keys that an object schema refuses although they are well known elsewhere, and what is said about them. */
export const NOT_ALLOWED = z.registry<{ keys: readonly string[]; message: string }>()
