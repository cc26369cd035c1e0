import { z } from 'zod'
import { UserId } from '../fields/ids.ts'
import { ExplainedDecision } from './decision.ts'
import { LocalePreview } from './preview.ts'
import { Warning } from './warnings.ts'

/** Recipients whose decisions a dry run returns. */
export const DRY_RUN_SAMPLE = 20

export const DryRun = z
  .object({
    recipients: z
      .object({
        count: z.int().min(0).describe('Users who are addressed, exact unless `more` is set'),
        more: z.literal(true).optional().describe('Set if there are more than were counted'),
        sample: z.array(UserId).max(DRY_RUN_SAMPLE).describe('The first of them'),
      })
      .meta({ id: 'DryRunRecipients', description: 'Who is addressed, before anybody is left out' }),
    decisions: z
      .array(
        z
          .object({
            user: UserId,
            decisions: z
              .array(ExplainedDecision)
              .describe('As they would be taken if the user did nothing, each at its time'),
          })
          .meta({ id: 'DryRunDecisions', description: 'The decisions about one user' }),
      )
      .describe('The decisions about each user of the sample'),
    rendered: z
      .object({ user: UserId, ...LocalePreview.partial().shape })
      .meta({
        id: 'DryRunTexts',
        description: 'What the first user who gets anything would see, on the channels that they get it',
      })
      .optional(),
    warnings: z.array(Warning).optional().describe('What would be ignored; absent if nothing would be'),
  })
  .meta({ id: 'DryRun', description: 'What would happen to a notification' })
export type DryRun = z.infer<typeof DryRun>
