import { z } from 'zod'
import { EmailAddress, PhoneNumber } from '../fields/address.ts'
import { JsonObject } from '../fields/json.ts'
import { Locale, TimeZone } from '../fields/locale.ts'
import { text } from '../fields/text.ts'

/** The attributes of a user. All are optional. */
export const UserProfile = z
  .strictObject({
    name: text(256).optional().describe('The name as people read it'),
    email: EmailAddress.optional(),
    phone: PhoneNumber.optional(),
    locale: Locale.optional(),
    timezone: TimeZone.optional(),
    attributes: JsonObject.optional().describe('Any JSON object, returned as it was sent'),
  })
  .meta({
    id: 'UserProfile',
    description: 'The profile of a user. Every property is optional',
    examples: [
      {
        name: 'Ada Lovelace',
        email: 'ada@example.com',
        phone: '+351911111111',
        locale: 'pt-BR',
        timezone: 'Europe/Lisbon',
        attributes: { plan: 'pro' },
      },
    ],
  })
export type UserProfile = z.infer<typeof UserProfile>
