import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import type { TokenMessage } from 'firebase-admin/messaging'
import { fitContent, replaceKey, secondsLeft } from './push-content.ts'

/** What FCM takes of notification and data; the whole message is kept within it. */
const PAYLOAD_MAX_BYTES = 4_096

type Unaddressed = Omit<TokenMessage, 'token'>

const builder = (outgoing: Outgoing) => {
  const replaces = replaceKey(outgoing)
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
      collapseKey: replaces,
      priority: urgent ? 'high' : 'normal',
      ttl: seconds * 1_000,
      notification: { tag: replaces },
    },
    apns: {
      headers: {
        'apns-collapse-id': replaces,
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
      headers: { TTL: String(seconds), Urgency: urgent ? 'high' : outgoing.priority, Topic: replaces },
      notification: { tag: replaces },
      ...(url?.startsWith('https://') && { fcmOptions: { link: url } }),
    },
  })
}

/**
 * A message as FCM shows it on every platform by itself: a notification that a repeat replaces, and what the app needs
 * to open it.
 */
export const fcmMessage = (outgoing: Outgoing): Unaddressed => {
  const build = builder(outgoing)
  return build(fitContent(outgoing.content, PAYLOAD_MAX_BYTES, build))
}
