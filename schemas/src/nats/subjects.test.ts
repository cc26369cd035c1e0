import { expect, test } from 'vitest'
import {
  CHANNELS,
  claimedTenant,
  deadSubject,
  deliveryEventSubject,
  notifySubject,
  PRIORITIES,
  parseNotifySubject,
  parseWorkSubject,
  queueFilter,
  queueOf,
  reportSubject,
  SubjectError,
  scheduleSubject,
  stepSubject,
  workSubject,
} from '../index.ts'

test('subjects can be parsed after they were built', () => {
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
  'a step by %s of priority %s has its own subject and queue',
  (channel, priority) => {
    const subject = stepSubject(channel, priority, 'acme')
    expect(subject).toBe(`work.step.${channel}.${priority}.acme`)
    expect(parseWorkSubject(subject)).toEqual({ kind: `step.${channel}`, priority, tenant: 'acme' })
    expect(queueOf(subject)).toBe(`${channel}-${priority}`)
    expect(queueFilter(`${channel}-${priority}`)).toBe(`work.step.${channel}.${priority}.*`)
    expect(() => parseNotifySubject(subject)).toThrow(SubjectError)
  },
)

test('reports of a provider have a subject with the account, and their own queue', () => {
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

test('the tenant is found in the subject of every family', () => {
  expect(claimedTenant(notifySubject('acme', 'high', 'work.step'))).toBe('acme')
  expect(claimedTenant(workSubject('due', 'high', 'acme'))).toBe('acme')
  expect(claimedTenant(stepSubject('email', 'high', 'acme'))).toBe('acme')
  expect(claimedTenant(scheduleSubject('acme', 'delay', 'k'))).toBe('acme')
  expect(claimedTenant('work.step.email')).toBe('')
  expect(claimedTenant('notify')).toBe('')
})

test('the state of a delivery is published as an event of its tenant', () => {
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
])('%j is not a work subject', (subject) => {
  expect(() => parseWorkSubject(subject)).toThrow(SubjectError)
})

test.each([
  'work.step.email.urgent.acme',
  'work.step.pigeon.high.acme',
  'work.step',
  'other.acme.high.x',
  '',
])('%j has no queue', (subject) => {
  expect(() => queueOf(subject)).toThrow(SubjectError)
})

test('the error of an unknown priority lists the priorities', () => {
  expect(() => queueOf('notify.acme.urgent.x')).toThrow(
    'no queue carries "notify.acme.urgent.x": its priority must be one of critical, high, normal, low',
  )
})

test.each(['a.b', 'a b', '*', '>', 'a\r\nPUB x 1', '', 'ü', 'a'.repeat(65)])(
  'subjects cannot contain the token %j',
  (token) => {
    expect(() => notifySubject(token, 'normal', 'x')).toThrow(SubjectError)
    expect(() => scheduleSubject('acme', 'delay', token)).toThrow(SubjectError)
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
