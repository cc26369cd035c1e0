import { createPatchedData } from '@carillon/core/data-schema/patched-data'
import { withTexts } from '@carillon/core/notification/literal-texts'
import type { Amendment } from '@carillon/core/store/ports/notifications'
import type { ItemContent, NotificationType } from '@carillon/schemas'

const patchedData = createPatchedData()

/**
 * Applies amendments to the content of a step without an item. Ignores data that would make the content too large or does not
 * fit the schema of the type.
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
    const data = patchedData(tenant, type, amended.data, patch)
    if (!data) continue
    const { literal: _, ...templated } = amended
    amended = { ...templated, data }
  }
  return amended
}
