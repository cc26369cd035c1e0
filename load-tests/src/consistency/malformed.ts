import type { ProblemCode } from '@carillon/schemas'

const encoder = new TextEncoder()

/** User ids that must be rejected. */
const HOSTILE_IDS = [
  'ada\0root',
  'a'.repeat(10_240),
  'é'.repeat(65),
  'ada\r\nPUB notify.other.high.x 2\r\n{}',
  '\u202eada',
  'ada\u200b',
  '..',
  ' ada',
  '',
] as const

/** A way to make a notification invalid, and the resulting problem. */
type Mutation = {
  name: string
  code: ProblemCode
  /** Receives a valid notification with its key in `data.key`. */
  mutate(valid: Record<string, unknown>): unknown
}

const invalid = (name: string, mutate: Mutation['mutate']): Mutation => ({
  name,
  code: 'invalid_request',
  mutate,
})

/** Mutations that give valid JSON but an invalid notification. */
const MUTATIONS: readonly Mutation[] = [
  invalid('an unknown field', (good) => ({ ...good, colour: 'red' })),
  invalid('a title that is a number', (good) => ({ ...good, title: 7 })),
  invalid('a recipient that is a number', (good) => ({ ...good, to: 5 })),
  invalid('no recipient', ({ to: _, ...rest }) => rest),
  invalid('an empty list of recipients', (good) => ({ ...good, to: [] })),
  invalid('too many recipients', (good) => ({
    ...good,
    to: Array.from({ length: 1_001 }, (_, index) => `u${index}`),
  })),
  invalid('everyone: false', (good) => ({ ...good, to: { everyone: false } })),
  invalid('a recipient that is both a user and a topic', (good) => ({
    ...good,
    to: { user: 'ada', topic: 'team' },
  })),
  invalid('a javascript: link', (good) => ({ ...good, url: 'javascript:alert(1)' })),
  invalid('a protocol-relative link', (good) => ({ ...good, url: '//evil.example/x' })),
  invalid('a link with a backslash that browsers read as another host', (good) => ({
    ...good,
    url: '/\\evil.example',
  })),
  invalid('an http: link', (good) => ({ ...good, url: 'http://app.example/' })),
  invalid('a lone surrogate in data', (good) => ({
    ...good,
    data: { ...(good.data as object), half: '\ud83d' },
  })),
  invalid('an invalid time', (good) => ({ ...good, deliverAt: 'tomorrow' })),
  invalid('a body that is too long', (good) => ({ ...good, body: 'x'.repeat(16_385) })),
  invalid('an id that is an object', (good) => ({ ...good, id: { $ne: null } })),
  invalid('an action without a label', (good) => ({ ...good, actions: [{ name: 'ok' }] })),
  ...HOSTILE_IDS.map((id, index) => invalid(`hostile id ${index}`, (good) => ({ ...good, to: id }))),
  ...HOSTILE_IDS.map((id, index) =>
    invalid(`hostile id ${index} in a list`, (good) => ({ ...good, to: ['ada', { user: id }] })),
  ),
  invalid('a hostile topic', (good) => ({ ...good, to: { topic: 'a\nb' } })),
  invalid('a hostile id to exclude', (good) => ({ ...good, exclude: ['\u0000'] })),
  ...['2040-01-01T00:00:00Z', '2100-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'].flatMap(
    (time): Mutation[] => [
      { name: `deliverAt ${time}`, code: 'too_far', mutate: (good) => ({ ...good, deliverAt: time }) },
      { name: `expiresAt ${time}`, code: 'too_far', mutate: (good) => ({ ...good, expiresAt: time }) },
    ],
  ),
  {
    name: 'more than 64 KiB',
    code: 'payload_too_large',
    mutate: (good) => ({ ...good, data: { ...(good.data as object), blob: 'x'.repeat(65_536) } }),
  },
  {
    name: 'an unknown type',
    code: 'type_unknown',
    mutate: (good) => ({ ...good, type: 'no.such' }),
  },
]

const nthOf = <T>(list: readonly T[], nth: number): T => {
  const found = list[nth % list.length]
  if (found === undefined) throw new RangeError('the list is empty')
  return found
}

/** Applies the nth mutation for HTTP; the list repeats. */
export const malformedHttp = (good: Record<string, unknown>, nth: number) => {
  const { code, mutate } = nthOf(MUTATIONS, nth)
  return { code, value: mutate(good) }
}

/** A malformed NATS message, with the tenant and reason of its dead letter. Without a code, no stream accepts it. */
type Malformed = { subject: string; data: Uint8Array; tenant: string; code?: ProblemCode }

/** Applies the nth mutation for NATS; the list repeats. */
export const malformedNats = (
  good: Record<string, unknown>,
  { tenant, key, nth }: { tenant: string; key: string; nth: number },
): Malformed => {
  const { type, priority, ...rest } = good
  const subject = `notify.${tenant}.${priority}.${type}`
  const json = (value: unknown) => encoder.encode(JSON.stringify(value))
  const deadLettered = (
    code: ProblemCode,
    data: Uint8Array,
    on = subject,
    letterTenant = tenant,
  ): Malformed => ({
    subject: on,
    data,
    tenant: letterTenant,
    code,
  })
  const valid = JSON.stringify(rest)
  const text = (value: string) => encoder.encode(value)
  const unaccepted = (on: string): Malformed => ({ subject: on, data: json(rest), tenant })
  const subjectWithKey = `notify.${tenant}.${priority}.${key.split('.').slice(1).join('.')}`
  const event = { specversion: '1.0', id: key, source: '/consistency', type: 'x', data: rest }
  const mutations: (() => Malformed)[] = [
    ...MUTATIONS.map(({ code, mutate }) => () => {
      const { type: mutatedType, priority: _, ...note } = mutate(good) as Record<string, unknown>
      return deadLettered(code, json(note), `notify.${tenant}.${priority}.${mutatedType}`)
    }),
    () => deadLettered('invalid_request', text(valid.replace('"data":{', '"data":{"n":1e999,'))),
    () =>
      deadLettered('invalid_request', text(valid.replace('"data":{', '"data":{"n":12345678901234567890,'))),
    () => deadLettered('malformed_json', text(valid.slice(0, -3))),
    () => deadLettered('malformed_json', text(`${valid}}`)),
    () => deadLettered('malformed_json', Buffer.concat([text(valid), Uint8Array.of(0xff, 0xfe)])),
    () => deadLettered('malformed_json', new Uint8Array(), subjectWithKey),
    () => deadLettered('invalid_request', text('null'), subjectWithKey),
    () => deadLettered('invalid_request', text('[]'), subjectWithKey),
    () => deadLettered('invalid_request', text('"ada"'), subjectWithKey),
    () => deadLettered('payload_too_large', json({ ...rest, body: 'x'.repeat(900_000) })),
    () => deadLettered('invalid_request', json({ ...rest, type: 'another.type' })),
    () => deadLettered('invalid_request', json({ ...rest, priority: 'critical' })),
    () => deadLettered('invalid_request', json({ ...event, specversion: '0.3' })),
    () => deadLettered('invalid_request', json({ ...event, id: undefined })),
    () => deadLettered('invalid_request', json({ ...event, datacontenttype: 'text/xml' })),
    () => deadLettered('tenant_unknown', json(rest), `notify.nobody-${tenant}.high.news`, `nobody-${tenant}`),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.high.a%b`),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.low.${'x'.repeat(65)}`),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.low.a.b.c.d.e.f.g.h.i`),
    () => deadLettered('subject_invalid', json(rest), `notify.évil.high.news`, '_'),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.urgent.news`),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.high`),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.high.*`),
    () => deadLettered('subject_invalid', json(rest), `notify.*.high.news`, '_'),
    () => deadLettered('subject_invalid', json(rest), `notify.${tenant}.high.>`),
    () => unaccepted('notify'),
    () => unaccepted(`notify.${tenant}.high.two words`),
    () => unaccepted(`notify.${tenant}.high.news\r\nPUB notify.${tenant}.high.news 2\r\n{}`),
    () => unaccepted(`notify..high.news`),
    () => ({ subject, data: new Uint8Array(1_100_000), tenant }),
  ]
  return nthOf(mutations, nth)()
}
