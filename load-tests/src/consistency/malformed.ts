import type { ProblemCode } from '@carillon/schemas'

const encoder = new TextEncoder()

/** User ids that no system should take. */
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

/** What is wrong with a notification, and the problem it is answered with on either way in. */
type Wrong = {
  name: string
  code: ProblemCode
  /** Given a good notification that carries its key as `data.key`. */
  spoil(good: Record<string, unknown>): unknown
}

const invalid = (name: string, spoil: Wrong['spoil']): Wrong => ({ name, code: 'invalid_request', spoil })

/** Notifications that are JSON and yet none. */
const WRONG: readonly Wrong[] = [
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
  invalid('a recipient that is two things', (good) => ({ ...good, to: { user: 'ada', topic: 'team' } })),
  invalid('a link that is a script', (good) => ({ ...good, url: 'javascript:alert(1)' })),
  invalid('a link to another origin in disguise', (good) => ({ ...good, url: '//evil.example/x' })),
  invalid('a link that a browser takes for another host', (good) => ({ ...good, url: '/\\evil.example' })),
  invalid('a link that is not secure', (good) => ({ ...good, url: 'http://app.example/' })),
  invalid('half a character in its data', (good) => ({
    ...good,
    data: { ...(good.data as object), half: '\ud83d' },
  })),
  invalid('a time that is none', (good) => ({ ...good, deliverAt: 'tomorrow' })),
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
    (time): Wrong[] => [
      { name: `deliverAt ${time}`, code: 'too_far', spoil: (good) => ({ ...good, deliverAt: time }) },
      { name: `expiresAt ${time}`, code: 'too_far', spoil: (good) => ({ ...good, expiresAt: time }) },
    ],
  ),
  {
    name: 'more than 64 KiB',
    code: 'payload_too_large',
    spoil: (good) => ({ ...good, data: { ...(good.data as object), blob: 'x'.repeat(65_536) } }),
  },
  {
    name: 'a type nobody has defined',
    code: 'type_unknown',
    spoil: (good) => ({ ...good, type: 'no.such' }),
  },
]

const nthOf = <T>(list: readonly T[], nth: number): T => {
  const found = list[nth % list.length]
  if (found === undefined) throw new RangeError('there is no such way to be wrong')
  return found
}

/** The nth way to be wrong over HTTP, in turns. */
export const spoiledHttp = (good: Record<string, unknown>, nth: number) => {
  const { code, spoil } = nthOf(WRONG, nth)
  return { code, value: spoil(good) }
}

/** A bad message as it comes over NATS: under which tenant it is filed, and why. Without a code, nothing takes it. */
type Spoiled = { subject: string; data: Uint8Array; tenant: string; code?: ProblemCode }

/** The nth way to be wrong over NATS, in turns. */
export const spoiledNats = (
  good: Record<string, unknown>,
  { tenant, key, nth }: { tenant: string; key: string; nth: number },
): Spoiled => {
  const { type, priority, ...rest } = good
  const subject = `notify.${tenant}.${priority}.${type}`
  const json = (value: unknown) => encoder.encode(JSON.stringify(value))
  const spoiled = (code: ProblemCode, data: Uint8Array, on = subject, filed = tenant): Spoiled => ({
    subject: on,
    data,
    tenant: filed,
    code,
  })
  const whole = JSON.stringify(rest)
  const text = (value: string) => encoder.encode(value)
  const unstored = (on: string): Spoiled => ({ subject: on, data: json(rest), tenant })
  const filedBy = `notify.${tenant}.${priority}.${key.split('.').slice(1).join('.')}`
  const event = { specversion: '1.0', id: key, source: '/proof', type: 'x', data: rest }
  const ways: (() => Spoiled)[] = [
    ...WRONG.map(({ code, spoil }) => () => {
      const { type: spoiledType, priority: _, ...note } = spoil(good) as Record<string, unknown>
      return spoiled(code, json(note), `notify.${tenant}.${priority}.${spoiledType}`)
    }),
    () => spoiled('invalid_request', text(whole.replace('"data":{', '"data":{"n":1e999,'))),
    () => spoiled('invalid_request', text(whole.replace('"data":{', '"data":{"n":12345678901234567890,'))),
    () => spoiled('malformed_json', text(whole.slice(0, -3))),
    () => spoiled('malformed_json', text(`${whole}}`)),
    () => spoiled('malformed_json', Buffer.concat([text(whole), Uint8Array.of(0xff, 0xfe)])),
    () => spoiled('malformed_json', new Uint8Array(), filedBy),
    () => spoiled('invalid_request', text('null'), filedBy),
    () => spoiled('invalid_request', text('[]'), filedBy),
    () => spoiled('invalid_request', text('"ada"'), filedBy),
    () => spoiled('payload_too_large', json({ ...rest, body: 'x'.repeat(900_000) })),
    () => spoiled('invalid_request', json({ ...rest, type: 'another.type' })),
    () => spoiled('invalid_request', json({ ...rest, priority: 'critical' })),
    () => spoiled('invalid_request', json({ ...event, specversion: '0.3' })),
    () => spoiled('invalid_request', json({ ...event, id: undefined })),
    () => spoiled('invalid_request', json({ ...event, datacontenttype: 'text/xml' })),
    () => spoiled('tenant_unknown', json(rest), `notify.nobody-${tenant}.high.news`, `nobody-${tenant}`),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.high.a%b`),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.low.${'x'.repeat(65)}`),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.low.a.b.c.d.e.f.g.h.i`),
    () => spoiled('subject_invalid', json(rest), `notify.évil.high.news`, '_'),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.urgent.news`),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.high`),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.high.*`),
    () => spoiled('subject_invalid', json(rest), `notify.*.high.news`, '_'),
    () => spoiled('subject_invalid', json(rest), `notify.${tenant}.high.>`),
    () => unstored('notify'),
    () => unstored(`notify.${tenant}.high.two words`),
    () => unstored(`notify.${tenant}.high.news\r\nPUB notify.${tenant}.high.news 2\r\n{}`),
    () => unstored(`notify..high.news`),
    () => ({ subject, data: new Uint8Array(1_100_000), tenant }),
  ]
  return nthOf(ways, nth)()
}
