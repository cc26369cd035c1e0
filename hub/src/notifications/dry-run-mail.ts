import { nameOfDownload, shownFilename } from '@carillon/core/delivery/attachment-name'
import { createCopies } from '@carillon/core/delivery/mail-copies'
import type { Simulated } from '@carillon/core/routing/simulate'
import type { Store } from '@carillon/core/store/port'
import type { DryRun, EmailOverrides } from '@carillon/schemas'

/** What a notification adds to the e-mail to one user, and the decisions about dropped copies. */
export type MailAdditions = {
  shown: Partial<NonNullable<NonNullable<DryRun['rendered']>['email']>>
  leftOut: (step: number) => readonly Simulated[]
}

const NOTHING: MailAdditions = { shown: {}, leftOut: () => [] }

/** Returns the names of the attached files. Files behind a URL are not requested. */
const namesOf = async (
  attachments: Pick<Store['attachments'], 'get'>,
  tenant: string,
  refs: NonNullable<EmailOverrides['attachments']>,
): Promise<string[]> => {
  const ids = refs.flatMap((ref) => ('id' in ref ? [ref.id] : []))
  const uploads = ids.length === 0 ? undefined : await attachments.get(tenant, ids)
  return refs.map((ref) =>
    'id' in ref
      ? (ref.filename ?? uploads?.get(ref.id)?.filename ?? 'attachment')
      : shownFilename(nameOfDownload(ref)),
  )
}

/** Creates the function that looks up what a notification adds to its e-mails. Files are read once for all recipients. */
export const createMailAdditions = ({
  suppressions,
  attachments,
}: Pick<Store, 'suppressions' | 'attachments'>) => {
  const findCopies = createCopies({ suppressions })
  return async (tenant: string, overrides: EmailOverrides | undefined) => {
    if (!overrides) return async () => NOTHING
    const { replyTo, headers } = overrides
    const names = await namesOf(attachments, tenant, overrides.attachments ?? [])
    return async (recipient: string | undefined): Promise<MailAdditions> => {
      const { cc, bcc, leftOut } = await findCopies(tenant, overrides, recipient)
      return {
        shown: {
          ...(names.length > 0 && { attachments: names }),
          ...(cc.length > 0 && { cc: [...cc] }),
          ...(bcc.length > 0 && { bcc: [...bcc] }),
          ...(replyTo && { replyTo }),
          ...(headers && { headers }),
        },
        leftOut: (step) => leftOut.map((each) => ({ ...each, channel: 'email', step, outcome: 'pass' })),
      }
    }
  }
}
