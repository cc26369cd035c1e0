/**
 * The errors of Carillon over HTTP (RFC 9457 problem+json), in the socket handshake and in dead letters. Codes are stable.
 * `temporary`: an unchanged retry may succeed.
 */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  cursor_invalid: { status: 400, title: 'Invalid cursor' },
  unauthenticated: { status: 401, title: 'Missing or invalid credentials' },
  token_expired: { status: 401, title: 'Token expired' },
  forbidden: { status: 403, title: 'Insufficient permissions' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  idempotency_in_flight: {
    status: 409,
    title: 'The first request with this Idempotency-Key is in progress',
    temporary: true,
  },
  already_delivered: { status: 409, title: 'Already delivered' },
  not_replayable: { status: 409, title: 'Dead letter not replayable' },
  too_many_devices: { status: 409, title: 'Device limit reached' },
  quota_exceeded: { status: 409, title: 'Quota exceeded' },
  in_use: { status: 409, title: 'The resource is in use' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  payload_too_large: { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  misdirected: { status: 421, title: 'Host name not served' },
  invalid_request: { status: 422, title: 'Invalid request' },
  too_far: { status: 422, title: 'A time lies too far ahead' },
  time_passed: { status: 422, title: 'A time lies in the past' },
  subject_invalid: {
    status: 422,
    title: 'Invalid NATS subject: it is not notify.<tenant>.<priority>.<type>',
  },
  tenant_unknown: { status: 422, title: 'Unknown tenant' },
  type_unknown: { status: 422, title: 'Unknown notification type' },
  provider_unknown: { status: 422, title: 'Unknown provider' },
  no_provider: { status: 422, title: 'No provider account serves this channel' },
  no_app_url: { status: 422, title: "The URL of the tenant's app is not set" },
  country_not_allowed: { status: 422, title: 'Codes are not sent to numbers of this country or kind' },
  no_address: { status: 422, title: 'The user has no address for this channel' },
  erased: { status: 422, title: 'User erased' },
  suppressed: { status: 422, title: 'Address suppressed' },
  id_reused: { status: 422, title: 'Id already used with other content' },
  idempotency_key_reused: { status: 422, title: 'Idempotency-Key already used with another body' },
  rate_limited: { status: 429, title: 'Too many requests', temporary: true },
  internal: { status: 500, title: 'Internal error', temporary: true },
  unavailable: { status: 503, title: 'Dependency unavailable', temporary: true },
  stream_full: { status: 503, title: 'Event log full', temporary: true },
  undeliverable: { status: 500, title: 'No provider could deliver it' },
  too_many_attempts: { status: 500, title: 'Every attempt failed' },
} as const satisfies Record<string, { status: number; title: string; temporary?: boolean }>

export type ProblemCode = keyof typeof PROBLEMS
