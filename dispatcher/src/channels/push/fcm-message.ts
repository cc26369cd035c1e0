import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import type { TokenMessage } from 'firebase-admin/messaging'
import { fitContent, replaceKey, secondsLeft } from './push-content.ts'

/** FCM's limit for notification and data. The whole message is kept within it. */
const PAYLOAD_MAX_BYTES = 4_096

type Unaddressed = Omit<TokenMessage, 'token'>

const builder = (outgoing: Outgoing) => {
  const collapseKey = replaceKey(outgoing)
  const seconds = secondsLeft(outgoing)
  const urgent = outgoing.priority === 'critical' || outgoing.priority === 'high'
  const { notification, item, type } = outgoing
  return ({ title, body, url, image, category, data }: Content): Unaddressed => ({
    notification: { title, body, ...(image && URL.canParse(image) ? { imageUrl: image } : {}) },
    data: {
      notification,
      type,
      ...(item && { item }),
      ...(url && { url }),
      ...(data && { data: JSON.stringify(data) }),
    },
    android: {
      collapseKey,
      priority: urgent ? 'high' : 'normal',
      ttl: seconds * 1_000,
      notification: { tag: collapseKey },
    },
    apns: {
      headers: {
        'apns-collapse-id': collapseKey,
        'apns-priority': urgent ? '10' : '5',
        'apns-expiration': String(Math.floor(outgoing.expiresAt / 1_000)),
      },
      payload: {
        aps: {
          ...(outgoing.priority !== 'low' && { sound: 'default' }),
          ...(category && { threadId: category }),
          ...(image && { mutableContent: true }),
        },
      },
    },
    webpush: {
      headers: { TTL: String(seconds), Urgency: urgent ? 'high' : outgoing.priority, Topic: collapseKey },
      notification: { tag: collapseKey },
      ...(url?.startsWith('https://') && { fcmOptions: { link: url } }),
    },
  })
}

/**
 * Builds a message that FCM displays on every platform without the app's help, with the data that the app needs to open it.
 * A repeated message replaces the earlier one.
 */
export const fcmMessage = (outgoing: Outgoing): Unaddressed => {
  const build = builder(outgoing)
  return build(fitContent(outgoing.content, PAYLOAD_MAX_BYTES, build))
}
