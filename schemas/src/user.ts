import { z } from 'zod'
import { text } from './text.ts'

const timeZone = (zone: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** What is known of a person. Senders may leave all of it out: a user id is enough. */
export const UserProfile = z.strictObject({
  name: text(256).optional(),
  email: z.email().max(254).optional(),
  phone: z.e164().optional(),
  locale: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a locale is a BCP 47 tag such as pt-BR')
    .optional(),
  timezone: z
    .string()
    .max(64)
    .refine(timeZone, 'a time zone is an IANA name such as Europe/Lisbon')
    .optional(),
  attributes: z.record(z.string().max(128), z.json()).optional(),
})
export type UserProfile = z.infer<typeof UserProfile>
