import { type InboxContent, NOTIFICATION_MAX_BYTES, type NotificationType } from '@carillon/schemas'
import { mergePatch } from '../json/merge-patch.ts'
import { createDataCheck } from './data-check.ts'

type Data = NonNullable<InboxContent['data']>

/**
 * Returns a function that applies a merge patch to the `data` of a notification. The function returns undefined if the new data
 * is too large or does not fit the schema of the type.
 */
export const createPatchedData = () => {
  const dataFault = createDataCheck()
  return (
    tenant: string,
    type: NotificationType | undefined,
    before: Data | undefined,
    patch: Data,
  ): Data | undefined => {
    const data = mergePatch(before ?? {}, patch) as Data
    const isTooLarge = Buffer.byteLength(JSON.stringify(data)) > NOTIFICATION_MAX_BYTES
    return isTooLarge || dataFault(tenant, type, data) ? undefined : data
  }
}
