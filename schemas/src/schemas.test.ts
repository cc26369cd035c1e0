import { expect, expectTypeOf, test } from 'vitest'
import {
  CHANNELS,
  claimedTenant,
  deadSubject,
  deliveryEventSubject,
  isCloudEvent,
  Notification,
  type NotificationInput,
  notifySubject,
  PRIORITIES,
  parseNotifySubject,
  parseWorkSubject,
  problem,
  problemDetails,
  queueFilter,
  queueOf,
  reportSubject,
  SubjectError,
  scheduleSubject,
  stepSubject,
  UserId,
  UserProfile,
  workSubject,
} from './index.ts'

test('subjects are built and read back', () => {
  const subject = notifySubject('acme', 'high', 'comment.created')
  expect(subject).toBe('notify.acme.high.comment.created')
  expect(parseNotifySubject(subject)).toEqual({ tenant: 'acme', priority: 'high', type: 'comment.created' })
  expect(queueOf(subject)).toBe('notify-high')
  expect(queueFilter('notify-high')).toBe('notify.*.high.>')
  expect(parseWorkSubject(workSubject('chunk', 'low', 'acme'))).toEqual({
    kind: 'chunk',
    priority: 'low',
    tenant: 'acme',
  })
  expect(queueOf(workSubject('chunk', 'low', 'acme'))).toBe('work-low')
})

test.each(CHANNELS.flatMap((channel) => PRIORITIES.map((priority) => [channel, priority] as const)))(
  'a step by %s of priority %s has a subject, and a queue, of its own',
  (channel, priority) => {
    const subject = stepSubject(channel, priority, 'acme')
    expect(subject).toBe(`work.step.${channel}.${priority}.acme`)
    expect(parseWorkSubject(subject)).toEqual({ kind: `step.${channel}`, priority, tenant: 'acme' })
    expect(queueOf(subject)).toBe(`${channel}-${priority}`)
    expect(queueFilter(`${channel}-${priority}`)).toBe(`work.step.${channel}.${priority}.*`)
    expect(() => parseNotifySubject(subject)).toThrow(SubjectError)
  },
)

test('what a provider reports has a subject with the account, and a queue of its own', () => {
  const subject = reportSubject('smtp-main', 'acme')
  expect(subject).toBe('work.report.smtp-main.normal.acme')
  expect(parseWorkSubject(subject)).toEqual({
    kind: 'report',
    account: 'smtp-main',
    priority: 'normal',
    tenant: 'acme',
  })
  expect([queueOf(subject), claimedTenant(subject)]).toEqual(['report-normal', 'acme'])
  expect(queueFilter('report-normal')).toBe('work.report.*.normal.*')
  expect(() => queueOf('work.report.smtp-main.high.acme')).toThrow(SubjectError)
})

test('the tenant of a subject stands where its family has it', () => {
  expect(claimedTenant(notifySubject('acme', 'high', 'work.step'))).toBe('acme')
  expect(claimedTenant(workSubject('due', 'high', 'acme'))).toBe('acme')
  expect(claimedTenant(stepSubject('email', 'high', 'acme'))).toBe('acme')
  expect(claimedTenant(scheduleSubject('acme', 'k'))).toBe('acme')
  expect(claimedTenant('work.step.email')).toBe('')
  expect(claimedTenant('notify')).toBe('')
})

test('what becomes of a delivery is an event of its tenant', () => {
  expect(deliveryEventSubject('acme', 'sent')).toBe('event.acme.delivery.sent')
  expect(() => deliveryEventSubject('a.b', 'sent')).toThrow(SubjectError)
})

test.each([
  'work.step.email.high',
  'work.step.email.urgent.acme',
  'work.step.pigeon.high.acme',
  'work.step.email.high.acme.extra',
  'work.step.email.high.a b',
  'work.step.high.acme',
  'work.email.high.acme',
  'work.chunk.extra.high.acme',
  'work.report.high.acme',
  'work.report.a b.high.acme',
  'work.report.a.b.high.acme',
  'work.unheard-of.high.acme',
  'work.high.acme',
  'notify.step.email.high.acme',
])('%j is not the subject of work', (subject) => {
  expect(() => parseWorkSubject(subject)).toThrow(SubjectError)
})

test.each([
  'work.step.email.urgent.acme',
  'work.step.pigeon.high.acme',
  'work.step',
  'other.acme.high.x',
  '',
])('no queue carries %j', (subject) => {
  expect(() => queueOf(subject)).toThrow(SubjectError)
})

test.each(['a.b', 'a b', '*', '>', 'a\r\nPUB x 1', '', 'ü', 'a'.repeat(65)])(
  'no subject holds the token %j',
  (token) => {
    expect(() => notifySubject(token, 'normal', 'x')).toThrow(SubjectError)
    expect(() => scheduleSubject('acme', token)).toThrow(SubjectError)
    expect(() => stepSubject('email', 'normal', token)).toThrow(SubjectError)
    expect(deadSubject(token, 'notify-low')).toBe('dead._.notify-low')
  },
)

test.each([
  'notify.acme.high',
  'notify.acme.urgent.x',
  'notify..high.x',
  'notify.acme.high.x.',
  'notify.acme.high.a..b',
  'other.acme.high.x',
  'notify.acme.high.a b',
])('%j is not a notify subject', (subject) => {
  expect(() => parseNotifySubject(subject)).toThrow(SubjectError)
})

test.each([
  'ada',
  'ada@example.com',
  'auth0|5f7c',
  '_9fK2xQ',
  '-JhLeOl',
  'gid://shop/Customer/7',
  '+351912345678',
  '{0a1b2c3d-0000-4000-8000-000000000000}',
  'ab+/c==',
  'josé',
  'jose\u0301',
  '山田 太郎',
  '👩‍💻',
  '__proto__',
  `ada"; DROP TABLE inbox; --`,
  '../../etc/passwd',
  '%2F',
  '>',
  'A'.repeat(128),
  'é'.repeat(64),
])('%j is a user id', (id) => {
  expect(UserId.safeParse(id).success).toBe(true)
})

test.each([
  '',
  '.',
  '..',
  'a\0b',
  ' ab',
  'ab ',
  'a\nb',
  'a\u2028b',
  '\u202eada',
  'a\u200bb',
  'a\ud83d',
  'x'.repeat(129),
  'é'.repeat(65),
  'x'.repeat(10_000),
])('%j is no user id', (id) => {
  expect(UserId.safeParse(id).success).toBe(false)
})

test('a notification needs a recipient and a type, and nothing unknown', () => {
  const ok: NotificationInput[] = [
    { to: 'ada', type: 'greeting' },
    {
      to: { user: 'ada', email: 'ada@example.com', timezone: 'Europe/Lisbon' },
      type: 'greeting',
      actor: 'grace',
    },
    {
      to: [{ topic: 'post:1' }, { everyone: true }],
      exclude: ['grace'],
      type: 'a.b',
      data: { deep: { er: [1, null] } },
    },
  ]
  for (const each of ok) expect(Notification.safeParse(each).error).toBeUndefined()
  const bad: unknown[] = [
    {},
    { to: [], type: 'x' },
    { to: 'ada', type: 'x', colour: 'red' },
    { to: 'ada', type: 'x', url: 'javascript:alert(1)' },
    { to: 'ada', type: 'x', url: '//evil.example' },
    { to: 'ada', type: 'x', title: 7 },
    { to: { user: 'ada', timezone: 'Mars/Base' }, type: 'x' },
    { to: 'ada', type: 'x', deliverAt: 'tomorrow' },
  ]
  for (const each of bad) expect(Notification.safeParse(each).success).toBe(false)
  expect(Notification.parse(ok[1]).actor).toEqual({ user: 'grace' })
})

test('types follow the schemas', () => {
  expectTypeOf<NonNullable<Notification['actor']>['user']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<NotificationInput['type']>().toEqualTypeOf<string>()
})

test('problems say where, and never repeat values', () => {
  const { error } = UserProfile.safeParse({ email: 'hunter2', 'a/b~c': 1 })
  const details = problemDetails(error!.issues)
  expect(details.map(({ pointer }) => pointer)).toContain('/email')
  expect(JSON.stringify(problem('invalid_request', 'x', details))).not.toContain('hunter2')
  const errors = [
    { pointer: '/otp/countries/0', message: 'must be a country' },
    { pointer: '/url', message: 'must be https' },
  ]
  expect(problem('invalid_request', 'the settings are invalid', errors)).toMatchObject({
    detail: 'the settings are invalid: /otp/countries/0: must be a country (and 1 more)',
    errors,
  })
  const told = 'a link is invalid: must be https'
  expect(problem('invalid_request', told, errors.slice(1)).detail).toBe(told)
  expect(problem('unavailable', 'x')).toMatchObject({
    status: 503,
    temporary: true,
    type: 'urn:carillon:problem:unavailable',
  })
})

test('a CloudEvent is known by its specversion', () => {
  expect(isCloudEvent({ specversion: '1.0' })).toBe(true)
  expect(isCloudEvent({ to: 'ada' })).toBe(false)
  expect(isCloudEvent(null)).toBe(false)
})
