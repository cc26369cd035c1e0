import { CloudEvent } from './cloudevents.ts'
import { NatsNotification } from './notification.ts'

/**
 * A CloudEvent that carries a notification, for documentation. Events are validated in two steps, `CloudEvent` and then its
 * data, so that a problem with the data says that it is with the data.
 */
export const NotificationEvent = CloudEvent.extend({ data: NatsNotification.optional() }).meta({
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
