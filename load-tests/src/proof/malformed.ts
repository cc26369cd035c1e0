import type { ProblemCode } from '@carillon/schemas'

/** User ids that no system should take. */
export const HOSTILE_IDS = [
  `ada"; DROP TABLE inbox; --`,
  `ada' OR '1'='1`,
  'ada\0root',
  'a'.repeat(10_240),
  '__proto__',
  'ada\r\nPUB notify.other.high.x 2\r\n{}',
  '../../etc/passwd',
  '\u202eada',
  ' ada',
  '',
] as const

/** What is wrong with a notification, and the problem it is answered with on either way in. */
export type Wrong = {
  name: string
  code: ProblemCode
  /** Given a good notification that carries its key as `data.key`. */
  spoil(good: Record<string, unknown>): unknown
}

const invalid = (name: string, spoil: Wrong['spoil']): Wrong => ({ name, code: 'invalid_request', spoil })

/** Notifications that are JSON and yet none. */
export const WRONG: readonly Wrong[] = [
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
  invalid('a time that is none', (good) => ({ ...good, deliverAt: 'tomorrow' })),
  invalid('a time zone that is none', (good) => ({ ...good, to: { user: 'ada', timezone: 'Mars/Base' } })),
  invalid('a body that is too long', (good) => ({ ...good, body: 'x'.repeat(16_385) })),
  invalid('an id that is an object', (good) => ({ ...good, id: { $ne: null } })),
  invalid('an action without a label', (good) => ({ ...good, actions: [{ name: 'ok' }] })),
  ...HOSTILE_IDS.map((id, index) => invalid(`hostile id ${index}`, (good) => ({ ...good, to: id }))),
  ...HOSTILE_IDS.map((id, index) =>
    invalid(`hostile id ${index} in a list`, (good) => ({ ...good, to: ['ada', { user: id }] })),
  ),
  invalid('a hostile topic', (good) => ({ ...good, to: { topic: '*' } })),
  invalid('a hostile id to exclude', (good) => ({ ...good, exclude: ['__proto__'] })),
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
