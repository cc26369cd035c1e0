import { hash } from 'node:crypto'
import {
  CloudEventAttributes,
  CloudEventEnvelope,
  type Issue,
  isCloudEvent,
  isJsonMediaType,
  parse,
} from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import { invalidRequest } from '../json/checked.ts'
import { parseJson, readDocument } from '../json/json.ts'

/**
 * How a body contains a notification: plain, or as the data of a CloudEvents 1.0 event in one of its content
 * modes.
 */
export type ContentMode = 'plain' | 'structured' | 'batch' | 'binary'

/** A received message: the body, its content type, and its headers by lower-case name. */
export type Content = {
  bytes: Uint8Array
  type: string | undefined
  header(name: string): string | undefined
}

/** An unvalidated notification, its path in the body, and its event. */
export type Payload = { value: unknown; at: readonly PropertyKey[]; event?: { id: string; type: string } }

const EVENT = /^application\/cloudevents\s*(;|$)/i
const EVENT_JSON = /^application\/cloudevents\+json\s*(;|$)/i
const BATCH_JSON = /^application\/cloudevents-batch\+json\s*(;|$)/i
const ANY_EVENT = /^application\/cloudevents/i

/** Returns the content mode; undefined for an event in an unsupported format. */
export const contentMode = ({ type = '', header }: Omit<Content, 'bytes'>): ContentMode | undefined => {
  if (EVENT.test(type) || EVENT_JSON.test(type)) return 'structured'
  if (BATCH_JSON.test(type)) return 'batch'
  if (ANY_EVENT.test(type)) return undefined
  return header('ce-specversion') === undefined ? 'plain' : 'binary'
}

/** Returns the id of an event's notification. Source and id identify an event. */
const eventId = (source: string, id: string) =>
  `ce_${hash('sha256', `${source}\n${id}`, 'base64url').slice(0, 40)}`

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

const fromBase64 = (text: string): unknown => {
  const refuse = (issues: readonly Issue[]) =>
    invalidRequest(
      issues.map(({ path, message }) => ({ path: ['data_base64', ...path], message })),
      'CloudEvent',
    )
  if (!BASE64.test(text)) throw refuse([{ path: [], message: 'must be base64' }])
  let document: ReturnType<typeof readDocument>
  try {
    document = readDocument(Buffer.from(text, 'base64'))
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'malformed_json') throw error
    throw refuse([{ path: [], message: 'must hold JSON in UTF-8' }])
  }
  if (document.faults.length > 0) throw refuse(document.faults)
  return document.value
}

/** Parses an event in the JSON format. Throws `invalid_request`. */
export const readStructured = (value: unknown): Payload => {
  const parsed = parse(CloudEventEnvelope, value)
  if (!parsed.success) throw invalidRequest(parsed.issues, 'CloudEvent')
  const { id, source, type, data, data_base64: encoded } = parsed.data
  const event = { id: eventId(source, id), type }
  const refuse = (key: string, message: string) => invalidRequest([{ path: [key], message }], 'CloudEvent')
  if (typeof encoded === 'string') {
    if (data !== undefined) throw refuse('data_base64', 'must not be combined with data')
    return { value: fromBase64(encoded), at: ['data_base64'], event }
  }
  if (data === undefined) throw refuse('data', 'is missing; it must be the notification')
  return { value: data, at: ['data'], event }
}

/** Decodes a header value of the HTTP binding (3.1.3.2): quoted or not, percent-encoded UTF-8. */
const decodeHeader = (name: string, value: string | undefined): string | undefined => {
  if (value === undefined) return undefined
  const quoted = /^"(.*)"$/s.exec(value.trim())?.[1]
  try {
    return decodeURIComponent(quoted === undefined ? value.trim() : quoted.replaceAll(/\\(.)/gs, '$1'))
  } catch (cause) {
    throw new ProblemError('invalid_request', `the header ${name} is not percent-encoded UTF-8`, { cause })
  }
}

/** Parses an event whose attributes are headers and whose data is the body. */
const readBinary = ({ bytes, type, header }: Content): Payload => {
  const names = ['specversion', 'id', 'source', 'type'] as const
  const attributes = Object.fromEntries(
    names.map((name) => [name, decodeHeader(`ce-${name}`, header(`ce-${name}`))]),
  )
  const parsed = parse(CloudEventAttributes, attributes)
  if (!parsed.success) {
    const faults = parsed.issues.map(({ path, message }) => `ce-${String(path[0])} ${message}`)
    throw new ProblemError(
      'invalid_request',
      `the headers of the CloudEvent are invalid: ${faults.join('; ')}`,
    )
  }
  // The NATS binding has its own header; the HTTP binding uses the content type of the body.
  const data = decodeHeader('ce-datacontenttype', header('ce-datacontenttype')) ?? type
  if (data !== undefined && !isJsonMediaType(data))
    throw new ProblemError(
      'unsupported_media_type',
      'the data of a CloudEvent must be JSON: it is the notification',
    )
  const { id, source, type: name } = parsed.data
  return { value: parseJson(bytes), at: [], event: { id: eventId(source, id), type: name } }
}

/**
 * Parses one notification, in any mode but `batch`. A structured event is recognized without its content type, too.
 * Throws `malformed_json`, `invalid_request` and `unsupported_media_type`.
 */
export const readPayload = (mode: Exclude<ContentMode, 'batch'>, content: Content): Payload => {
  if (mode === 'binary') return readBinary(content)
  const value = parseJson(content.bytes)
  return mode === 'structured' || isCloudEvent(value) ? readStructured(value) : { value, at: [] }
}
