import { z } from 'zod'

/**
 * A CloudEvents 1.0 event in structured mode (`application/cloudevents+json`), as the NATS binding carries it.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 * Extension attributes are allowed and ignored. `data` is the notification.
 */
export const CloudEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(1_024),
  source: z.string().min(1).max(1_024),
  type: z.string().min(1).max(1_024),
  datacontenttype: z
    .string()
    .regex(/^application\/(.+\+)?json\b/, 'data must be JSON')
    .optional(),
  data: z.unknown(),
})
export type CloudEvent = z.infer<typeof CloudEvent>

/** Whether a parsed payload means to be a CloudEvent: `specversion` is required there and unknown here. */
export const isCloudEvent = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && Object.hasOwn(payload, 'specversion')
