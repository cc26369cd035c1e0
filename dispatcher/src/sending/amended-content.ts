import { createDataCheck } from '@carillon/core/data-schema/data-check'
import { mergePatch } from '@carillon/core/json/merge-patch'
import { withTexts } from '@carillon/core/notification/literal-texts'
import type { Amendment } from '@carillon/core/store/ports/notifications'
import { type ItemContent, NOTIFICATION_MAX_BYTES, type NotificationType } from '@carillon/schemas'

type Data = NonNullable<ItemContent['data']>

const dataFault = createDataCheck()

/**
 * Returns the content of a step without an item, with the data and texts of replacements since. Data that is too large or does
 * not fit the schema of the type is left out.
 */
export const amendedContent = (
  tenant: string,
  content: ItemContent,
  type: NotificationType | undefined,
  amendments: readonly Amendment[],
): ItemContent => {
  let amended = content
  for (const { data: patch, content: texts } of amendments) {
    if (texts) amended = { ...withTexts(amended, texts), id: content.id }
    if (!patch) continue
    const data = mergePatch(amended.data ?? {}, patch) as Data
    const isTooLarge = Buffer.byteLength(JSON.stringify(data)) > NOTIFICATION_MAX_BYTES
    if (isTooLarge || dataFault(tenant, type, data)) continue
    const { literal: _, ...templated } = amended
    amended = { ...templated, data }
  }
  return amended
}
