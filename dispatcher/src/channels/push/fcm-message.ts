import type { Content, Outgoing, PushUpdate } from '@carillon/core/delivery/provider'
import { pushKey } from '@carillon/core/delivery/push-key'
import type { TokenMessage } from 'firebase-admin/messaging'
import { fitContent } from './fit-content.ts'
import { groupKey, secondsLeft } from './message-fields.ts'

/** FCM's limit for notification and data. The whole message is kept within it. */
const PAYLOAD_MAX_BYTES = 4_096

/** `dataOnly`: Android and web apps show messages themselves, because FCM shows no buttons there. */
export type FcmDisplay = { dataOnly: boolean }

type Unaddressed = Omit<TokenMessage, 'token'>

/** The data with which an app opens a message and shows what FCM does not, such as buttons. Values are strings. */
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
  const collapseKey = pushKey(outgoing)
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

/** The collapse key of updates: a device that was offline gets the last one. */
export const UPDATE_KEY = 'carillon-update'

/** Builds a silent message. The app sets the badge, and removes pushes or shows their new texts, by tag. */
const updateMessage = (outgoing: Outgoing, { badge, withdraw, replace }: PushUpdate): Unaddressed => ({
  data: {
    badge: String(badge),
    withdraw: JSON.stringify(withdraw),
    ...(replace.length > 0 && { replace: JSON.stringify(replace) }),
  },
  android: { collapseKey: UPDATE_KEY, priority: 'normal', ttl: secondsLeft(outgoing) * 1_000 },
  apns: {
    headers: {
      'apns-push-type': 'background',
      'apns-priority': '5',
      'apns-collapse-id': UPDATE_KEY,
      'apns-expiration': String(Math.floor(outgoing.expiresAt / 1_000)),
    },
    payload: { aps: { contentAvailable: true, badge } },
  },
})

/**
 * Builds a message with the data that the app needs to open it. FCM displays it on every platform without the app's help, or,
 * with `dataOnly`, leaves that to Android and web apps. A repeated message replaces the earlier one.
 */
export const fcmMessage = (outgoing: Outgoing, display: FcmDisplay): Unaddressed => {
  if (outgoing.update) return updateMessage(outgoing, outgoing.update)
  const build = builder(outgoing, display)
  return build(fitContent(outgoing.content, PAYLOAD_MAX_BYTES, build))
}
