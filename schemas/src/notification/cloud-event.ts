import { z } from 'zod'
import { UntypedNotification } from './notification.ts'

/** A media type with the subtype `json` or the suffix `+json`. */
const JSON_MEDIA_TYPE = /^[^\s/;]+\/([^\s/;]+\+)?json\s*(;|$)/i

/** Reports whether a media type is JSON. */
export const isJsonMediaType = (type: string): boolean => JSON_MEDIA_TYPE.test(type.trim())

const attribute = z.string().min(1).max(1_024)

/** The attributes of a CloudEvents 1.0 event that Carillon reads. Others are allowed and ignored. */
export const CloudEventAttributes = z.looseObject({
  specversion: z.literal('1.0').describe('The version of CloudEvents'),
  id: attribute.describe('With `source`, the id of a notification that has none of its own'),
  source: attribute.describe('The context in which the event happened'),
  type: attribute.describe('Over HTTP, the type of a notification that names none'),
  datacontenttype: z
    .string()
    .max(256)
    .refine(isJsonMediaType, 'must be a JSON type such as application/json: the data is a notification')
    .nullish()
    .meta({
      description: 'The media type of the data: a JSON type',
      pattern: '^\\s*[^\\s/;]+/([^\\s/;]+\\+)?[Jj][Ss][Oo][Nn]\\s*(;|$)',
    }),
})

/**
 * A CloudEvents 1.0 event in the JSON format, whose `data` is a notification. An attribute that is null is unset.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const CloudEventEnvelope = CloudEventAttributes.extend({
  data: z.unknown().optional().describe('The notification'),
  data_base64: z
    .string()
    .nullish()
    .meta({ description: 'In place of `data`: its bytes, in base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' }),
})
export type CloudEventEnvelope = z.infer<typeof CloudEventEnvelope>

/** Reports whether a payload is a CloudEvent. Only CloudEvents contain `specversion`, which they require. */
export const isCloudEvent = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && Object.hasOwn(payload, 'specversion')

const HAS_DATA = { properties: { data: {} }, required: ['data'] }
/** An event with its data as base64. */
const ENCODED = { properties: { data_base64: { type: 'string' } }, required: ['data_base64'] }

/**
 * A CloudEvent that contains a notification, for documentation. Events are validated in two steps,
 * `CloudEventEnvelope` and then its data, so that a problem with the data names the data.
 */
export const CloudEvent = CloudEventEnvelope.extend({ data: UntypedNotification.optional() }).meta({
  // With both, or with neither of them.
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
