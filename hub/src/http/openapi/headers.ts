/** Response headers, defined once and referenced. */
export const HEADERS = {
  RequestId: {
    description:
      'The id of the request in the log: the value of the request header if it is 1 to 64 letters, digits, _ or -, else a new id',
    schema: { type: 'string' },
    example: '5b1c6f0e-8c1d-4a47-9f0e-3f1f0a4f4e7c',
  },
  RateLimit: {
    description:
      'The remaining quota of the tightest limit (`r`), and the seconds until it is full again (`t`), as draft-ietf-httpapi-ratelimit-headers-10. Absent without limits',
    schema: { type: 'string' },
    example: '"key";r=199;t=1',
  },
  RateLimitPolicy: {
    description:
      'The quota of that limit (`q`), and the seconds in which it refills (`w`). Absent without limits',
    schema: { type: 'string' },
    example: '"key";q=200;w=2',
  },
  RetryAfter: {
    description: 'The seconds after which the request may succeed',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  IdempotencyReplayed: {
    description: 'Present if the first response to the Idempotency-Key is replayed',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
} as const

const reference = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })

export const REQUEST_ID = { 'X-Request-Id': reference('RequestId') }
export const RATE_LIMIT_HEADERS = {
  RateLimit: reference('RateLimit'),
  'RateLimit-Policy': reference('RateLimitPolicy'),
}
export const RETRY_AFTER = { 'Retry-After': reference('RetryAfter') }
export const IDEMPOTENCY_REPLAYED = { 'Idempotency-Replayed': reference('IdempotencyReplayed') }
