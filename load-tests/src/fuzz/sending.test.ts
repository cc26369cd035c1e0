import type { Address, Content, Outcome, Outgoing } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { HttpFailure } from '@carillon/core/http/port'
import { checked } from '@carillon/core/json/checked'
import { newVapidKeys } from '@carillon/core/security/new-tenant'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import type { Channel, DeviceInput, Priority } from '@carillon/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CONFIGS } from './examples.ts'
import { fuzzed } from './settings.ts'
import { hostile, hostileText, mutated, toJson } from './values.ts'

const DEVICES: Record<string, DeviceInput> = {
  'web-push': {
    kind: 'web-push',
    endpoint: 'https://fcm.googleapis.com/fcm/send/x',
    keys: { p256dh: newVapidKeys().publicKey, auth: 'A'.repeat(22) },
  },
  fcm: { kind: 'fcm', token: 'x'.repeat(100) },
  apns: { kind: 'apns', token: 'ab'.repeat(32) },
  webhook: { kind: 'webhook', url: 'https://example.com/hook' },
  slack: { kind: 'slack', channel: 'U012AB3CD' },
  teams: { kind: 'teams', url: 'https://example.com/teams' },
  discord: { kind: 'discord', url: 'https://discord.com/api/webhooks/1/x' },
  telegram: { kind: 'telegram', chat: '123' },
}

const text = (max: number) => hostileText.map((value) => value.slice(0, max))
const link = fc.constantFrom(
  'https://example.com/a?b=c#d',
  '/posts/7',
  'mailto:a@example.com',
  'https://example.com/%00',
)

/** Content of messages: everything that acceptance allows, and more. */
const contents: fc.Arbitrary<Content> = fc.record(
  {
    title: fc.oneof(text(512), fc.constant('👨‍👩‍👧‍👦'.repeat(40))),
    body: fc.oneof(
      text(16_384),
      fc.constantFrom('🔔'.repeat(4_000), ' '.repeat(16_000), '*'.repeat(16_000), '\n'.repeat(9_000)),
    ),
    url: link,
    image: link,
    actions: fc.array(
      fc.record(
        { name: fc.constantFrom('ok', '__proto__'), label: text(128), url: link },
        { requiredKeys: ['name', 'label'] },
      ),
      { maxLength: 8 },
    ),
    actor: fc.record({ user: fc.constant('grace'), name: text(256), avatar: link }, { requiredKeys: [] }),
    category: fc.constantFrom('a', '__proto__'),
    tags: fc.array(text(64), { maxLength: 3 }),
    data: fc.dictionary(text(20), hostile, { maxKeys: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** Any response of a provider, or of something in its place. */
const answers: fc.Arbitrary<HttpAnswer | HttpFailure> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      status: fc.constantFrom(200, 201, 202, 204, 301, 400, 401, 403, 404, 410, 413, 429, 500, 503, 999),
      headers: fc.dictionary(
        fc.constantFrom(
          'retry-after',
          'x-ratelimit-reset',
          'location',
          'apns-id',
          'x-amzn-errortype',
          'x-message-id',
        ),
        fc.oneof(hostileText, fc.constantFrom('0', '-1', '1e999', 'Wed, 21 Oct 2099 07:28:00 GMT')),
        { maxKeys: 3, noNullPrototype: true },
      ),
      body: fc.oneof(
        mutated(
          fc.constantFrom<unknown>(
            { ok: true, ts: '1.2', channel: 'C1' },
            { ok: false, error: 'channel_not_found' },
            { sid: 'SM1' },
            { code: 21_610 },
            { message_uuid: 'x' },
            { messages: [{ id: 'x' }] },
            { error: { code: 131_026 } },
            { errors: [{ message: 'x', field: 'from' }] },
            { result: { message_id: 1 } },
            { description: 'Too Many Requests', parameters: { retry_after: 1e300 } },
            { MessageId: 'x' },
            { __type: 'x', message: 'y' },
            { message: 'x', retry_after: 1e300, code: 10_003, id: '1' },
          ),
        ).map(toJson),
        hostile.map(toJson),
        hostileText,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('unreachable', 'timeout', 'too_large', 'broken', 'refused_target')
      .map((reason) => new HttpFailure(reason as HttpFailure['reason'], 'no answer', false)),
  },
)

const addressFor = (needs: Address['kind'], provider: string): Address => {
  switch (needs) {
    case 'email':
      return { kind: 'email', email: 'ada@example.com', name: 'Ada' }
    case 'phone':
      return { kind: 'phone', phone: '+351912345678' }
    case 'device':
      return { kind: 'device', id: 'd', device: DEVICES[provider]! }
    default:
      return { kind: 'account' }
  }
}

const OUTCOMES: Outcome['outcome'][] = ['sent', 'retry', 'refused', 'account', 'doubt']

test('every provider is fuzzed', () => {
  expect([...Object.keys(CONFIGS), 'capture'].sort()).toEqual([...PROVIDERS.keys()].sort())
})

test.each(Object.entries(CONFIGS))(
  '%s sends any content and accepts any response',
  { timeout: 300_000 },
  async (name, config) => {
    const provider = PROVIDERS.get(name)!
    let answer: HttpAnswer | HttpFailure = new HttpFailure('unreachable', 'no connection', false)
    const settings = checked(provider.config, config, 'config')
    const sender = provider.open(settings, {
      http: {
        request: async () => {
          if (answer instanceof HttpFailure) throw answer
          return answer
        },
        download: async () => {
          throw new HttpFailure('unreachable', 'no connection', false)
        },
        resolve: async () => {
          throw new HttpFailure('unreachable', 'no connection', false)
        },
        refusal: () => undefined,
      },
      vapid: newVapidKeys(),
      tenant: 'acme',
      account: name,
      publicUrl: 'https://hub.example',
    })
    const messages = fc.record({
      channel: fc.constantFrom<Channel>(...provider.channels),
      content: contents,
      priority: fc.constantFrom<Priority>('critical', 'normal'),
      left: fc.constantFrom(-1_000, 1, 86_400_000, 8e15),
      item: fc.constantFrom(undefined, '019a0000-0000-7000-8000-000000000001'),
    })
    await fc.assert(
      fc.asyncProperty(messages, answers, async ({ channel, content, priority, left, item }, given) => {
        answer = given
        const now = Date.now()
        const message: Outgoing = {
          tenant: 'acme',
          user: 'ada',
          channel,
          notification: 'n-1',
          ...(item === undefined ? {} : { item }),
          type: 'test',
          priority,
          at: now,
          expiresAt: Math.min(now + left, 8.64e15),
          address: addressFor(provider.needs(channel, settings), name),
          content,
          key: 'k'.repeat(32),
          attempt: 1,
          unsubscribeUrl: 'https://hub.example/v1/unsubscribe/x',
        }
        const outcome = await sender.send(message, new AbortController().signal)
        expect(OUTCOMES).toContain(outcome.outcome)
        if (outcome.outcome === 'sent') return
        expect(outcome.reason).toMatch(/^[a-z0-9_]{1,100}$/)
        expect(outcome.detail).not.toMatch(/[\r\n]/)
        expect(outcome.detail).not.toContain('ada@example.com')
        if ('afterMs' in outcome && outcome.afterMs !== undefined)
          expect(outcome.afterMs).toBeGreaterThanOrEqual(0)
      }),
      fuzzed(60),
    )
    await sender.close()
  },
)
