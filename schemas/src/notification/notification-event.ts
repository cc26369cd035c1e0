import { CloudEvent } from './cloud-event.ts'
import { NatsNotification } from './notification.ts'

const HAS_DATA = { properties: { data: {} }, required: ['data'] }
/** An event that has its data as base64. */
const ENCODED = { properties: { data_base64: { type: 'string' } }, required: ['data_base64'] }

/**
 * A CloudEvent that carries a notification, for documentation. Events are validated in two steps, `CloudEvent` and then its
 * data, so that a problem with the data says that it is with the data.
 */
export const NotificationEvent = CloudEvent.extend({ data: NatsNotification.optional() }).meta({
  // With both, or with neither.
  not: { anyOf: [{ allOf: [HAS_DATA, ENCODED] }, { not: { anyOf: [HAS_DATA, ENCODED] } }] },
  id: 'CloudEvent',
  description: 'A CloudEvents 1.0 event in the JSON format, whose `data` is a notification',
  examples: [
    {
      specversion: '1.0',
      id: 'comment-7',
      source: '/posts/7',
      type: 'comment.created',
      datacontenttype: 'application/json',
      data: { to: 'ada', title: 'Grace commented on your post' },
    },
  ],
})
