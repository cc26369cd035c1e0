import type { Payload } from '@carillon/core/notification/cloudevents'
import { lastAt, type SendTimes } from '@carillon/core/notification/delivery-times'
import type { Attachments, StoredAttachment } from '@carillon/core/store/ports/attachments'
import {
  ATTACHMENT_MAX_BYTES,
  AttachmentId,
  type Issue,
  isJsonObject,
  type Notification,
  parse,
} from '@carillon/schemas'
import { z } from 'zod'

const PLACE = ['overrides', 'email', 'attachments']

/** Finds the uploads of a tenant that exist, by id. */
export type FindAttached = Pick<Attachments, 'get'>['get']

const Attaching = z.object({
  overrides: z.object({ email: z.object({ attachments: z.array(z.unknown()) }) }),
})
const Named = z.object({ id: AttachmentId })

/** Returns the ids of the uploads that a notification attaches, before it is validated. */
const idsIn = ({ value }: Payload): string[] => {
  // Most have no overrides, and a failed parse is slow.
  if (!isJsonObject(value) || value.overrides === undefined) return []
  const attaching = parse(Attaching, value)
  if (!attaching.success) return []
  return attaching.data.overrides.email.attachments.flatMap((ref) => {
    const named = parse(Named, ref)
    return named.success ? [named.data.id] : []
  })
}

/** Reads the uploads that the notifications of a batch attach, all at once. Reads nothing for a batch without any. */
export const readAttached = async (
  find: FindAttached,
  tenant: string,
  payloads: readonly Payload[],
): Promise<FindAttached> => {
  const ids = [...new Set(payloads.flatMap(idsIn))]
  const found = ids.length === 0 ? new Map<string, StoredAttachment>() : await find(tenant, ids)
  return async () => found
}

/**
 * Returns what is wrong with the uploads that a notification attaches: unknown, expired before it is due, or too large
 * together. Reads nothing for a notification without any.
 */
export const attachedFaults = async (
  find: FindAttached,
  tenant: string,
  overrides: Notification['overrides'],
  times: SendTimes,
): Promise<Issue[]> => {
  const refs = overrides?.email?.attachments ?? []
  const ids = refs.flatMap((ref) => ('id' in ref ? [ref.id] : []))
  if (ids.length === 0) return []
  const found = await find(tenant, ids)
  const due = lastAt(times, 0)
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
