import { z } from 'zod'
import { UserId } from '../fields/ids.ts'
import { ExplainedDecision } from './decision.ts'
import { LocalePreview } from './preview.ts'
import { Warning } from './warnings.ts'

/** Maximum recipients whose decisions a dry run returns. */
export const DRY_RUN_SAMPLE = 20

export const DryRun = z
  .object({
    recipients: z
      .object({
        count: z.int().min(0).describe('Users who are addressed, exact unless `more` is set'),
        more: z.literal(true).optional().describe('Set if there are more than were counted'),
        sample: z.array(UserId).max(DRY_RUN_SAMPLE).describe('The first of them'),
      })
      .meta({
        id: 'DryRunRecipients',
        description: 'The users who are addressed, before any of them is left out',
      }),
    decisions: z
      .array(
        z
          .object({
            user: UserId,
            decisions: z
              .array(ExplainedDecision)
              .describe('The decisions if the user did nothing, each with its time'),
          })
          .meta({ id: 'DryRunDecisions', description: 'The decisions about one user' }),
      )
      .describe('The decisions about each user of the sample'),
    rendered: z
      .object({ user: UserId, ...LocalePreview.partial().shape })
      .meta({
        id: 'DryRunTexts',
        description:
          'The texts for the first user who gets anything, on the channels through which they get it',
      })
      .optional(),
    warnings: z.array(Warning).optional().describe('What would be ignored; absent if nothing would be'),
  })
  .meta({ id: 'DryRun', description: 'What would happen to a notification' })
export type DryRun = z.infer<typeof DryRun>
