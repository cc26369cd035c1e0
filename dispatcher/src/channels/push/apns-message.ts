import type { Content, Outgoing, PushUpdate } from '@carillon/core/delivery/provider'
import { fitContent } from './fit-content.ts'
import { groupKey } from './message-fields.ts'

/** APNs' limit for a payload. */
const PAYLOAD_MAX_BYTES = 4_096

const builder =
  (message: Outgoing, sound: string) =>
  ({ title, body, url, image, actions, category, data }: Content) => ({
    aps: {
      alert: { title, body },
      badge: message.push?.badge,
      sound: message.priority === 'low' ? undefined : sound,
      'thread-id': groupKey(message) ?? category,
      // The app shows the buttons that it registered for this category.
      category: actions?.length ? message.type : undefined,
      'mutable-content': image === undefined && !actions?.length ? undefined : 1,
    },
    url,
    image,
    actions: actions?.length ? actions : undefined,
    notification: message.notification,
    item: message.item,
    type: message.type,
    report: message.push?.token,
    data,
  })

/** Returns the payload of a silent push. It wakes the app, which removes notifications or shows their new texts, by identifier. */
const updateMessage = ({ badge, withdraw, replace }: PushUpdate) => ({
  aps: { 'content-available': 1, badge },
  withdraw,
  ...(replace.length > 0 && { replace }),
})

/** Builds the payload of a message, reduced until it fits. `sound`: what the device plays, unless the priority is low. */
export const apnsMessage = (outgoing: Outgoing, sound: string) => {
  if (outgoing.update) return updateMessage(outgoing.update)
  const build = builder(outgoing, sound)
  return build(fitContent(outgoing.content, PAYLOAD_MAX_BYTES, build))
}
