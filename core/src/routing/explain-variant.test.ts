import { expect, test } from 'vitest'
import { explain } from './explain.ts'

const AT = 1_800_000_000_000
const delay = (channel: 'email' | 'sms', variant: string) =>
  ({
    ...{ at: AT, stage: 'condition', channel, step: 0, outcome: 'wait', by: 'type', path: 'plan.0.after' },
    ...{ reason: 'delay', until: AT + 60_000, variant },
  }) as const

const facts = (variant: string | undefined) =>
  ({
    record: {
      ...{ tenant: 'acme', id: 'n1', type: 'news', priority: 'normal', acceptedAt: AT, fingerprint: '' },
      ...{ chains: 0, direct: 1, users: ['ada'], state: 'delivered', recipients: 1 },
      decisions: [
        { at: AT, stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'system' },
        delay('email', ''),
        delay('sms', 'a'),
      ],
    },
    ...{ stored: [], passed: [], deliveries: [], now: AT + 1 },
    item: {
      ...{
        createdAt: new Date(AT).toISOString(),
        receivedAt: null,
        seenAt: null,
        readAt: null,
        archivedAt: null,
      },
      ...(variant === undefined ? {} : { variant }),
    },
  }) as unknown as Parameters<typeof explain>[1]

test.each([
  ['a', 'sms', 'a'],
  [undefined, 'email', undefined],
])('of a plan of variants, a user with variant %s is told the own delays', (variant, channel, named) => {
  const decisions = explain('ada', facts(variant))
  expect(decisions.filter(({ reason }) => reason === 'delay').map(({ channel }) => channel)).toEqual([
    channel,
  ])
  const inbox = decisions.find(({ stage }) => stage === 'inbox')
  expect(inbox?.variant).toBe(named)
  expect(inbox?.text.includes('(variant a)')).toBe(named !== undefined)
  expect(decisions.every((decision) => decision.variant !== '')).toBe(true)
})
