import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto'
import { SignJWT } from 'jose'
import { generate } from 'selfsigned'
import { Webhook } from 'standardwebhooks'
import { CONFIGS, sendgridKeys } from './examples.ts'
import { toJson } from './values.ts'

/** A callback of a provider: its body and the headers with its signature. */
type Posted = { headers: Record<string, string>; body: Buffer }

const seconds = () => Math.floor(Date.now() / 1_000)

/** The signing certificate of SNS. */
export const sns = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }], {
  algorithm: 'sha256',
  keySize: 2_048,
})
export const SNS_CERTIFICATE_URL = 'https://sns.eu-west-1.amazonaws.com/cert.pem'

const standardWebhook = (body: Buffer): Posted => {
  const at = new Date()
  const signature = new Webhook(CONFIGS.smtp.callbackSecret).sign('msg_1', at, body.toString())
  return {
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signature,
    },
    body,
  }
}

const sendgrid = (body: Buffer): Posted => {
  const timestamp = String(seconds())
  const signed = Buffer.concat([Buffer.from(timestamp), body])
  return {
    headers: {
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': sign('sha256', signed, sendgridKeys.privateKey).toString(
        'base64',
      ),
    },
    body,
  }
}

const ses = (message: Buffer): Posted => {
  const envelope = {
    Message: message.toString(),
    MessageId: 'm',
    Timestamp: new Date().toISOString(),
    TopicArn: CONFIGS.ses.topicArn,
    Type: 'Notification',
  }
  const signed = Object.entries(envelope)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('')
  const signature = sign('sha256', Buffer.from(signed), createPrivateKey(sns.private)).toString('base64')
  const signing = { SignatureVersion: '2', Signature: signature, SigningCertURL: SNS_CERTIFICATE_URL }
  return { headers: {}, body: Buffer.from(JSON.stringify({ ...envelope, ...signing })) }
}

const twilio = (body: Buffer, url: string): Posted => {
  const params = new URLSearchParams(body.toString())
  const signed = [...new Set(params.keys())]
    .sort()
    .flatMap((name) => [...new Set(params.getAll(name))].sort().map((value) => `${name}${value}`))
    .join('')
  const signature = createHmac('sha1', CONFIGS.twilio.authToken).update(`${url}${signed}`).digest('base64')
  return { headers: { 'x-twilio-signature': signature }, body }
}

const vonage = async (body: Buffer): Promise<Posted> => {
  const token = await new SignJWT({
    api_key: CONFIGS.vonage.apiKey,
    payload_hash: createHash('sha256').update(body).digest('hex'),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setIssuer('Vonage')
    .sign(Buffer.from(CONFIGS.vonage.signatureSecret))
  return { headers: { authorization: `Bearer ${token}` }, body }
}

const whatsapp = (body: Buffer): Posted => {
  const signature = createHmac('sha256', CONFIGS['whatsapp-cloud'].appSecret).update(body).digest('hex')
  return { headers: { 'x-hub-signature-256': `sha256=${signature}` }, body }
}

/** The provider's message id in each example. */
export const SENT = 'sent-message-1'
const at = '2026-01-31T09:00:00Z'

const json = (value: unknown) => Buffer.from(toJson(value))
const form = (value: unknown) =>
  Buffer.from(
    typeof value === 'object' && value !== null
      ? new URLSearchParams(
          Object.entries(value).map(([name, each]) => [name, String(toJson(each))]),
        ).toString()
      : toJson(value),
  )

type Reporter = {
  /** Valid reports of the provider. */
  examples: readonly unknown[]
  write(value: unknown): Buffer
  sign(body: Buffer, url: string): Posted | Promise<Posted>
}

/** All providers with callbacks, and how they sign. */
export const REPORTERS: Record<string, Reporter> = {
  smtp: {
    examples: [
      { type: 'bounce', email: 'ada@example.com', messageId: `<${SENT}>`, at, permanent: true },
      { type: 'complaint', email: 'ada@example.com' },
    ],
    write: json,
    sign: standardWebhook,
  },
  sendgrid: {
    examples: [
      [
        {
          event: 'delivered',
          email: 'ada@example.com',
          sg_message_id: `${SENT}.filter`,
          timestamp: 1_700_000_000,
        },
        {
          event: 'bounce',
          email: 'ada@example.com',
          sg_message_id: SENT,
          timestamp: 1_700_000_000,
          type: 'bounce',
        },
        { event: 'dropped', email: 'ada@example.com', timestamp: 1_700_000_000, reason: 'Bounced Address' },
      ],
    ],
    write: json,
    sign: sendgrid,
  },
  ses: {
    examples: [
      {
        eventType: 'Bounce',
        mail: { messageId: SENT, timestamp: at },
        bounce: {
          bounceType: 'Permanent',
          bounceSubType: 'General',
          bouncedRecipients: [{ emailAddress: 'Ada <ada@example.com>' }],
          timestamp: at,
        },
      },
      {
        notificationType: 'Complaint',
        mail: { messageId: SENT },
        complaint: { complainedRecipients: [{ emailAddress: 'ada@example.com' }], timestamp: at },
      },
    ],
    write: json,
    sign: ses,
  },
  twilio: {
    examples: [
      { MessageSid: SENT, MessageStatus: 'undelivered', ErrorCode: '21610', To: '+351912345678' },
      { From: 'whatsapp:+351912345678', Body: 'STOP', OptOutType: 'STOP' },
      { From: '+351912345678', Body: 'start' },
    ],
    write: form,
    sign: twilio,
  },
  vonage: {
    examples: [
      {
        message_uuid: SENT,
        status: 'rejected',
        timestamp: at,
        to: '351912345678',
        error: {
          type: 'https://developer.vonage.com/errors#1340',
          title: 1340,
          invalid_parameters: [{ name: 'to' }],
        },
      },
      { message_uuid: 'x', from: '351912345678', text: 'STOP', timestamp: at },
    ],
    write: json,
    sign: vonage,
  },
  'whatsapp-cloud': {
    examples: [
      {
        entry: [
          {
            changes: [
              {
                value: {
                  statuses: [
                    { id: SENT, status: 'failed', timestamp: '1700000000', errors: [{ code: 131_026 }] },
                  ],
                  messages: [
                    { from: '351912345678', timestamp: '1700000000', text: { body: 'STOP' } },
                    { from: '351912345678', timestamp: '1700000000', button: { text: 'START' } },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    write: json,
    sign: whatsapp,
  },
}
