import type { Attachments } from '@carillon/core/store/ports/attachments'
import { ATTACHMENT_MAX_BYTES, type Issue, type Notification } from '@carillon/schemas'

const PLACE = ['overrides', 'email', 'attachments']

/**
 * Returns what is wrong with the uploads that a notification attaches: unknown, expired before it is due, or too large
 * together. Reads nothing for a notification without any.
 */
export const attachedFaults = async (
  attachments: Pick<Attachments, 'get'>,
  tenant: string,
  { overrides, deliverAt }: Pick<Notification, 'overrides' | 'deliverAt'>,
): Promise<Issue[]> => {
  const refs = overrides?.email?.attachments ?? []
  const ids = refs.flatMap((ref) => ('id' in ref ? [ref.id] : []))
  if (ids.length === 0) return []
  const found = await attachments.get(tenant, ids)
  const due = deliverAt === undefined ? 0 : Date.parse(deliverAt)
  const faults = refs.flatMap((ref, index): Issue[] => {
    if (!('id' in ref)) return []
    const attachment = found.get(ref.id)
    if (attachment && attachment.expiresAt > due) return []
    const message = attachment
      ? 'the attachment expires before the notification is delivered'
      : 'there is no such attachment, or it has expired'
    return [{ path: [...PLACE, index, 'id'], message }]
  })
  const bytes = ids.reduce((sum, id) => sum + (found.get(id)?.size ?? 0), 0)
  if (bytes > ATTACHMENT_MAX_BYTES)
    faults.push({
      path: PLACE,
      message: `must have at most ${ATTACHMENT_MAX_BYTES} bytes together; these have ${bytes}`,
    })
  return faults
}
