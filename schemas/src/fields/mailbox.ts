import { z } from 'zod'
import { EmailAddress } from './address.ts'
import { nonEmptyText } from './text.ts'

/** An e-mail address with an optional display name. */
export const Mailbox = z
  .strictObject({ email: EmailAddress, name: nonEmptyText(256).optional().describe('The display name') })
  .meta({
    id: 'Mailbox',
    description: 'An e-mail address with an optional display name',
    examples: [{ email: 'news@acme.example', name: 'Acme News' }],
  })
export type Mailbox = z.infer<typeof Mailbox>
