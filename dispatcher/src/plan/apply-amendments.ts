import { createPatchedData } from '@carillon/core/data-schema/patched-data'
import { textFields } from '@carillon/core/notification/literal-texts'
import type { Amendment } from '@carillon/core/store/ports/notifications'
import type { InboxContent } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'

type Data = NonNullable<InboxContent['data']>

/**
 * Returns a function that applies amendments to a notification that is due. It ignores data that would make the notification
 * too large or does not fit the schema of the type. Pure.
 */
export const createApplyAmendments = () => {
  const patchedData = createPatchedData()

  const withData = (pinned: Pinned, patch: Data): Pinned => {
    const { texts, ...ready } = pinned.ready
    const data = patchedData(ready.tenant, pinned.type, ready.notification.data, patch)
    if (!data) return pinned
    // Earlier literal texts remain in fields that the type does not render, as in an item.
    const notification = { ...ready.notification, ...(texts && textFields(texts)), data }
    return { ...pinned, ready: { ...ready, notification } }
  }

  return (pinned: Pinned, amendments: readonly Amendment[] = []): Pinned =>
    amendments.reduce<Pinned>((before, { data, content }) => {
      const after = data ? withData(before, data) : before
      const { ready } = after
      return content ? { ...after, ready: { ...ready, texts: { ...ready.texts, ...content } } } : after
    }, pinned)
}
