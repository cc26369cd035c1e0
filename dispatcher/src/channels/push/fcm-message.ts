import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import type { TokenMessage } from 'firebase-admin/messaging'
import { fitContent, groupKey, replaceKey, secondsLeft } from './push-content.ts'

/** FCM's limit for notification and data. The whole message is kept within it. */
const PAYLOAD_MAX_BYTES = 4_096

/** `dataOnly`: Android and web apps show messages themselves, because FCM shows no buttons there. */
export type FcmDisplay = { dataOnly: boolean }

type Unaddressed = Omit<TokenMessage, 'token'>

/** The data that an app needs to open a message, and to show what FCM does not: buttons. Values are texts. */
const dataOf = ({ notification, item, type, push }: Outgoing, { url, actions, data }: Content) => ({
  notification,
  type,
  ...(item && { item }),
  ...(url && { url }),
  ...(actions?.length && { actions: JSON.stringify(actions) }),
  ...(push && { badge: String(push.badge), report: push.token }),
  ...(data && { data: JSON.stringify(data) }),
})

const builder = (outgoing: Outgoing, { dataOnly }: FcmDisplay) => {
  const collapseKey = replaceKey(outgoing)
  const seconds = secondsLeft(outgoing)
  const urgent = outgoing.priority === 'critical' || outgoing.priority === 'high'
  const badge = outgoing.push?.badge
  return (content: Content): Unaddressed => {
    const { title, body, url, image, actions, category } = content
    const group = groupKey(outgoing)
    const picture = image && URL.canParse(image) ? image : undefined
    const texts = { ...(title && { title }), ...(body && { body }), ...(picture && { image: picture }) }
    const threadId = group ?? category
    return {
      ...(dataOnly ? {} : { notification: { title, body, ...(picture && { imageUrl: picture }) } }),
      data: {
        ...dataOf(outgoing, content),
        ...(dataOnly && { ...texts, tag: collapseKey, ...(group && { group }) }),
      },
      android: {
        collapseKey,
        priority: urgent ? 'high' : 'normal',
        ttl: seconds * 1_000,
        ...(dataOnly
          ? {}
          : { notification: { tag: collapseKey, ...(badge && { notificationCount: badge }) } }),
      },
      apns: {
        headers: {
          'apns-push-type': 'alert',
          'apns-collapse-id': collapseKey,
          'apns-priority': urgent ? '10' : '5',
          'apns-expiration': String(Math.floor(outgoing.expiresAt / 1_000)),
        },
        payload: {
          aps: {
            ...(dataOnly && { alert: { title, body } }),
            ...(badge !== undefined && { badge }),
            ...(outgoing.priority !== 'low' && { sound: 'default' }),
            ...(threadId && { threadId }),
            ...(actions?.length && { category: outgoing.type }),
            ...((picture || actions?.length) && { mutableContent: true }),
          },
        },
        ...(picture && { fcmOptions: { imageUrl: picture } }),
      },
      webpush: {
        headers: { TTL: String(seconds), Urgency: urgent ? 'high' : outgoing.priority, Topic: collapseKey },
        ...(dataOnly
          ? {}
          : {
              notification: {
                tag: group ?? collapseKey,
                ...(picture && { image: picture }),
                ...(actions?.length && {
                  actions: actions.map(({ name, label }) => ({ action: name, title: label })),
                }),
              },
            }),
        ...(url?.startsWith('https://') && { fcmOptions: { link: url } }),
      },
    }
  }
}

/**
 * Builds a message with the data that the app needs to open it. FCM displays it on every platform without the app's help, or,
 * with `dataOnly`, leaves that to Android and web apps. A repeated message replaces the earlier one.
 */
export const fcmMessage = (outgoing: Outgoing, display: FcmDisplay): Unaddressed => {
  const build = builder(outgoing, display)
  return build(fitContent(outgoing.content, PAYLOAD_MAX_BYTES, build))
}
