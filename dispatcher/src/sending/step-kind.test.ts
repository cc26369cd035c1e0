import type { Step } from '@carillon/core/delivery/step'
import { next } from '@carillon/core/routing/due-step'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import type { InboxItem } from '@carillon/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { createOutages } from '../consumer/outages.ts'
import type { Consequences } from './consequences.ts'
import type { Known } from './lookup.ts'
import { createStepKind, type StepPorts } from './step-kind.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

const STEP: Step = {
  tenant: 'acme',
  user: 'ada',
  notification: 'n1',
  item: '0199a0e0-0000-7000-8000-000000000001',
  type: 'x',
  priority: 'normal',
  at: NOW,
  expiresAt: NOW + 3_600_000,
  plan: [
    { channel: 'email', when: 'unseen', after: 60 },
    { channel: 'email', when: 'unseen', after: 60 },
  ],
  index: 0,
  toAudience: false,
}

afterEach(() => void vi.restoreAllMocks())

/** Ports without data; `sendStep` records what is decided. */
const portsWith = (more: object): StepPorts =>
  ({
    store: {
      inbox: { get: async () => [] },
      users: { erased: async () => new Map(), get: async () => [] },
      notifications: { find: async () => new Map() },
      preferences: { get: async () => new Map() },
      ...{
        deliveries: { record: async () => {} },
        decisions: { record: async () => {} },
      },
      throttles: { take: async () => [], release: async () => {} },
      ...{ suppressions: { put: async () => {} }, devices: { remove: async () => {} } },
    },
    cache: {
      ...{ tenant: async () => undefined, typeVersion: async () => undefined, revision: async () => 0 },
      ...{ type: async () => undefined, categories: async () => new Map() },
      transactionalCategories: async () => new Set(),
    },
    prepared: async () => undefined,
    stream: { publish: async () => {} },
    reports: { remember: async () => {} },
    metrics: createMetrics(),
    outages: createOutages({ log: createLog({ level: 'silent', role: 'test' }), metrics: createMetrics() }),
    ...more,
  }) as unknown as StepPorts

const subject = { kind: 'step.email', priority: 'normal', tenant: 'acme' } as const
const arrived = (step: Step, sequence: number) => ({
  subject,
  message: {
    ...{ subject: 'work.step.email.normal.acme', sequence, deliveries: 1, appendedAt: NOW },
    queue: 'email-normal' as const,
    data: new TextEncoder().encode(JSON.stringify(step)),
  },
})
const nothing = (): Consequences => ({ tenant: 'acme', changes: [], messages: [] })

test('one clock reading determines whether a step is sent and whether the next one waits', async () => {
  // The snooze ends with the second reading.
  const item = {
    id: STEP.item,
    receivedAt: null,
    seenAt: null,
    readAt: null,
    archivedAt: null,
    snoozedUntil: new Date(NOW + 1).toISOString(),
  }
  const published: unknown[] = []
  const decided: string[] = []
  const ports = portsWith({
    stream: { publish: async (messages: unknown[]) => void published.push(...messages) },
    sendStep: async (step: Step, known: Known, { begun }: { begun: number }) => {
      decided.push(next(step, known.facts(step, begun)).outcome)
      return nothing()
    },
  })
  ports.store.inbox.get = async () => [item as InboxItem]
  let clock = NOW
  vi.spyOn(Date, 'now').mockImplementation(() => clock++)
  const outcomes = await createStepKind(ports, 'email')([arrived(STEP, 1)])
  await Promise.all(outcomes.map(({ ending }) => ending))
  expect(decided).toEqual(['end'])
  expect(published).toEqual([])
})

test('a large digest is read once the one before it has been sent', async () => {
  const order: string[] = []
  const ports = portsWith({
    membersOf: async ({ notification }: Step) => {
      order.push(`read ${notification}`)
      return { steps: [], digests: [] }
    },
    sendStep: async ({ notification }: Step) => {
      order.push(`send ${notification}`)
      return nothing()
    },
  })
  const digestOf = (notification: string, size: number): Step => {
    const { item: _, ...step } = STEP
    const plan = [{ channel: 'email', when: 'always', after: 0 } as const]
    return { ...step, notification, plan, digest: { kind: 'digest', window: 'w', id: notification, size } }
  }
  const works = [digestOf('a', 9_000), digestOf('b', 1_000), digestOf('c', 10_000)].map(arrived)
  const outcomes = await createStepKind(ports, 'email')(works)
  await Promise.all(outcomes.map(({ ending }) => ending))
  expect(order).toEqual(['read a', 'read b', 'send a', 'send b', 'read c', 'send c'])
})
