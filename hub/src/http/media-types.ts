import { ProblemError } from '@carillon/core/errors'
import { type Content, contentMode } from '@carillon/core/notification/cloudevents'
import type { HonoRequest, MiddlewareHandler } from 'hono'
import { isJson } from './body.ts'

/** The paths that accept notifications. */
export const EVENT_PATHS = ['/v1/notifications', '/v1/notifications/batch'] as const

/** The media types of CloudEvents, by content mode. */
export const EVENT_TYPES = {
  structured: 'application/cloudevents+json',
  batch: 'application/cloudevents-batch+json',
} as const

const WORDS = { ...EVENT_TYPES, binary: 'JSON with the ce- headers of a CloudEvent' } as const

/**
 * Returns how a request carries notifications, before its body is read. Throws `unsupported_media_type`, which lists the
 * accepted types: `application/json`, and those of `modes`.
 */
export const modeOf = <Mode extends keyof typeof WORDS>(
  request: HonoRequest,
  modes: readonly Mode[],
): Mode | 'plain' => {
  const type = request.header('content-type')
  const mode = contentMode({ type, header: (name) => request.header(name) })
  if (mode === 'plain' && isJson(type)) return mode
  const known = modes.find((each) => each === mode)
  if (known !== undefined) return known
  const types = ['application/json', ...modes.map((each) => WORDS[each])]
  throw new ProblemError('unsupported_media_type', `send one of these: ${types.join(', ')}`)
}

/**
 * Allows every broker to deliver events (the validation handshake of HTTP 1.1 Web Hooks for Event Delivery,
 * section 4.2), because each delivery needs an API key. Passes on other OPTIONS requests.
 */
export const allowDelivery: MiddlewareHandler = async (c, next) => {
  if (c.req.header('webhook-request-origin') === undefined) return next()
  return c.body(null, 200, { allow: 'POST', 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' })
}

export const contentOf = (request: HonoRequest, bytes: Uint8Array): Content => ({
  bytes,
  type: request.header('content-type'),
  header: (name) => request.header(name),
})
