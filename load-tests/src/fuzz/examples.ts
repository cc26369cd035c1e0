import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { StoredAccount } from '@carillon/core/store/ports/accounts'
import type { NotificationInput } from '@carillon/schemas'

/** Notifications that use every field. */
export const NOTIFICATIONS: readonly (NotificationInput & { type: string })[] = [
  {
    to: 'ada',
    type: 'comment.created',
    title: 'Grace commented',
    body: 'On **your** post\nwith two lines & <b>marks</b>',
    url: '/posts/7',
    image: 'https://example.com/a.png',
    actor: { user: 'grace', name: 'Grace', avatar: 'https://example.com/g.png' },
    actions: [{ name: 'ok', label: 'OK', url: '/ok', primary: true }],
    category: 'comments',
    tags: ['a', 'b'],
    data: { post: 7, deep: { er: [1, null, 'x'] } },
    plan: [
      { channel: 'email', when: 'always', after: 0 },
      { channel: 'push', when: 'undelivered', after: 1 },
      { channel: 'sms', when: 'failed', after: 0 },
    ],
  },
  {
    id: 'order-9',
    to: [
      {
        user: 'ada',
        email: 'ada@example.com',
        phone: '+351912345678',
        locale: 'pt-PT',
        timezone: 'Europe/Lisbon',
      },
      { topic: 'team' },
      { everyone: true },
      'bob',
    ],
    exclude: ['eve'],
    type: 'order.shipped',
    priority: 'high',
    deliverAt: '2020-01-01T00:00:00Z',
    plan: [{ channel: 'webhook', when: 'always', after: 0 }],
  },
  {
    to: 'ada',
    type: 'invoice.issued',
    plan: [{ channel: 'email', when: 'always', after: 0 }],
    overrides: {
      email: {
        subject: 'Your invoice',
        attachments: [{ url: 'https://files.example.com/a.pdf?signature=x', filename: 'a.pdf', cid: 'a' }],
        cc: ['boss@example.com'],
        bcc: [{ email: 'audit@example.com', name: 'Audit' }],
        replyTo: 'help@example.com',
        headers: { 'X-Order': 'A-7' },
      },
    },
  },
]

/** Notifications as CloudEvents, in the JSON format. */
export const CLOUD_EVENTS: readonly unknown[] = NOTIFICATIONS.flatMap((data) => [
  {
    specversion: '1.0',
    id: 'e1',
    source: '/shop',
    type: data.type,
    datacontenttype: 'application/json',
    data,
  },
  {
    specversion: '1.0',
    id: 'e2',
    source: '/shop',
    type: data.type,
    data_base64: Buffer.from(JSON.stringify(data)).toString('base64'),
  },
])

const TYPE = {
  name: 'Order shipped',
  category: 'orders',
  priority: 'high',
  plan: [{ channel: 'email', when: 'unread', after: 600 }],
}

const pem = (pair: { privateKey: KeyObject }) =>
  pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The key pair that signs SendGrid's events. */
export const sendgridKeys = ec()

/** A valid config for every provider. */
export const CONFIGS = {
  smtp: { host: 'mail.example.com', from: { email: 'a@example.com' }, callbackSecret: webhookSecret },
  ses: {
    region: 'eu-west-1',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'secret',
    from: { email: 'a@example.com' },
    topicArn: 'arn:aws:sns:eu-west-1:123456789012:mail',
  },
  sendgrid: {
    apiKey: 'SG.x',
    from: { email: 'a@example.com' },
    webhookPublicKey: sendgridKeys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  },
  twilio: { accountSid: `AC${'0'.repeat(32)}`, authToken: '0'.repeat(32), from: '+15005550006' },
  vonage: {
    apiKey: 'abcd1234',
    apiSecret: 's3cret',
    from: '+447700900001',
    signatureSecret: 'x'.repeat(32),
  },
  'whatsapp-cloud': {
    phoneNumberId: '106540352242922',
    accessToken: 'EAAJB',
    appSecret: '0'.repeat(32),
    verifyToken: 'verify',
  },
  webhook: { secrets: [webhookSecret], url: 'https://example.com/hook' },
  slack: { botToken: 'xoxb-1-2-3' },
  teams: { url: 'https://example.com/teams' },
  discord: { url: 'https://discord.com/api/webhooks/1/x' },
  telegram: { botToken: '123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  'web-push': {},
  fcm: {
    serviceAccount: {
      project_id: 'p',
      client_email: 'a@p.iam.gserviceaccount.com',
      private_key: pem(generateKeyPairSync('rsa', { modulusLength: 2_048 })),
    },
  },
  apns: { key: pem(ec()), keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'com.example.app' },
} satisfies Record<string, StoredAccount['config']>

const provider = (name: string, config: unknown) => ({ provider: name, config })

/** Valid bodies of routes for which a generator rarely finds any. */
export const BODIES: Record<string, readonly unknown[]> = {
  'post /v1/notifications': [...NOTIFICATIONS, ...CLOUD_EVENTS],
  'post /v1/notifications/batch': [{ notifications: NOTIFICATIONS }, CLOUD_EVENTS],
  'put /v1/types/{key}': [TYPE, { ...TYPE, variants: [{ key: 'a', weight: 1, plan: [] }] }],
  'put /v1/layouts/{key}': [{ html: '<div>{{ content }}</div>' }],
  'put /v1/partials/{key}': [{ text: 'Hello' }],
  'post /v1/otp': [
    { to: { user: 'ada', phone: '+351912345678' }, channel: 'sms', length: 6, ttlSeconds: 300, name: 'Shop' },
    { to: { user: 'ada', email: 'ada@example.com' }, channel: 'email' },
  ],
  'put /v1/providers/{id}': Object.entries(CONFIGS).map(([name, config]) => provider(name, config)),
  'put /v1/tenant': [{ url: 'https://app.example.com/' }],
  'put /v1/contexts/{key}': [
    { name: 'Acme', colors: { primary: '#1f4fd8' }, senders: { sms: { from: 'ACME' } } },
    {},
  ],
  'patch /v1/me': [{ locale: 'pt-BR', timezone: 'Europe/Lisbon' }, { locale: null }],
  'patch /v1/preferences': [
    { muted: false },
    { channels: { sms: false } },
    { digest: { hour: 8, day: 'fri' }, quietHours: { days: { mon: [['22:00', '07:00']], sat: null } } },
    {},
  ],
  'patch /v1/users/{id}/preferences': [{ categories: { news: { email: 'daily' } } }],
  'put /v1/suppressions/{channel}/{address}': [{ reason: 'manual' }],
}

/** Path parameters of existing resources. */
export const PARAMS: Record<string, readonly string[]> = {
  channel: ['email', 'sms'],
  address: ['ada@example.com', '+351912345678'],
  account: Object.keys(CONFIGS),
  key: ['team', 'comment.created'],
  user: ['ada'],
  id: ['ada', 'order-9', 'main', '1'],
  name: ['ok'],
  device: ['phone-1'],
  file: ['notification.json'],
}
