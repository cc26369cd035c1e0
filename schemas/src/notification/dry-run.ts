import { z } from 'zod'
import { UserId } from '../fields/ids.ts'
import { Mailbox } from '../fields/mailbox.ts'
import { ExplainedDecision } from './decision.ts'
import { MailHeaders } from './mail-header.ts'
import { LocalePreview, PreviewEmail } from './preview.ts'
import { VariantKey } from './variant.ts'
import { Warning } from './warnings.ts'

/** Maximum recipients whose decisions a dry run returns. */
export const DRY_RUN_SAMPLE = 20

const DryRunEmail = z
  .object({
    ...PreviewEmail.shape,
    attachments: z.array(z.string()).optional().describe('The names of the attached files'),
    cc: z.array(Mailbox).optional().describe('The addresses that get a visible copy'),
    bcc: z.array(Mailbox).optional().describe('The addresses that get a hidden copy'),
    replyTo: Mailbox.optional().describe("The address for replies. Defaults to the sender's"),
    headers: MailHeaders.optional(),
  })
  .meta({
    id: 'DryRunEmail',
    description: 'An e-mail as a user gets it, with the attachments, copies and headers of the notification',
    examples: [
      {
        ...{ subject: 'Your invoice', html: '<!doctype html>…', text: 'Your invoice\n' },
        ...{ attachments: ['invoice.pdf'], cc: [{ email: 'billing@example.com' }] },
      },
    ],
  })

export const DryRun = z
  .object({
    recipients: z
      .object({
        count: z.int().min(0).describe('The number of users who are addressed, exact unless `more` is set'),
        more: z.literal(true).optional().describe('Set if there are more than were counted'),
        sample: z.array(UserId).max(DRY_RUN_SAMPLE).describe('The first of them'),
      })
      .meta({
        id: 'DryRunRecipients',
        description: 'The users who are addressed, before exclusions',
      }),
    decisions: z
      .array(
        z
          .object({
            user: UserId,
            decisions: z
              .array(ExplainedDecision)
              .describe('The decisions if the user does nothing, each with its time'),
          })
          .meta({ id: 'DryRunDecisions', description: 'The decisions about one user' }),
      )
      .describe('The decisions about each user of the sample'),
    rendered: z
      .object({
        user: UserId,
        variant: VariantKey.optional().describe('The variant of the type that the user gets'),
        ...LocalePreview.partial().shape,
        email: DryRunEmail.optional(),
      })
      .meta({
        id: 'DryRunTexts',
        description:
          'The messages for the first user who gets anything, on the channels through which they get it. `overrides` are applied',
      })
      .optional(),
    warnings: z.array(Warning).optional().describe('What would be ignored; absent if nothing would be'),
  })
  .meta({ id: 'DryRun', description: 'The result of a dry run' })
export type DryRun = z.infer<typeof DryRun>
