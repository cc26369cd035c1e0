import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import { Timestamp, TypeKey, text, UserId, UserProfile } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import { DUPLICATES, IdempotencyKey, type Idempotent } from '../idempotency/idempotent.ts'
import { OTP_CHANNELS, type Otp } from '../otp/otp.ts'

const ID = '0198f3a0-5f5e-7d4c-8b2a-6f7e8d9c0b1a'

const OtpRecipient = z
  .strictObject({ user: UserId, phone: UserProfile.shape.phone, email: UserProfile.shape.email })
  .meta({
    id: 'OtpRecipient',
    description: 'A user, with an address to remember',
    examples: [{ user: 'ada', phone: '+351911111111' }],
  })

const OtpChannel = z
  .enum(OTP_CHANNELS)
  .meta({ id: 'OtpChannel', description: 'A channel that can carry a one-time password' })

const OtpRequest = z
  .strictObject({
    to: z.union([UserId, OtpRecipient]).describe('A user id, or a user with an address to remember'),
    channel: OtpChannel.default('sms').describe('The channel of the message'),
    length: z.int().min(4).max(10).default(6).describe('The number of digits'),
    ttlSeconds: z.int().min(60).max(1_800).default(300).describe('The lifetime of the code in seconds'),
    type: TypeKey.default('otp'),
    name: text(64)
      .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'a name is one line of text')
      .optional()
      .meta({
        description: 'The name of the app that asks for the code, shown in the message: one line of text',
        pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$',
        examples: ['Acme'],
      }),
  })
  .meta({
    id: 'OtpRequest',
    description: 'A one-time password to send',
    examples: [{ to: { user: 'ada', phone: '+351911111111' }, channel: 'sms', name: 'Acme' }],
  })

const Created = z
  .object({
    id: z.string().describe('The id, for verifying the code'),
    expiresAt: Timestamp.describe('When the code expires'),
  })
  .meta({
    id: 'Otp',
    description: 'A one-time password that is being sent',
    examples: [{ id: ID, expiresAt: '2026-01-31T09:05:00.000Z' }],
  })

const OtpVerification = z
  .strictObject({
    id: z.uuid().describe('The id of the one-time password'),
    code: z
      .string()
      .regex(/^[0-9]{4,10}$/, 'a code is 4 to 10 digits')
      .describe('The code that the user entered'),
  })
  .meta({
    id: 'OtpVerification',
    description: 'A code to verify',
    examples: [{ id: ID, code: '493027' }],
  })

const Verdict = z
  .object({
    valid: z.boolean().describe('Whether the code is valid'),
    attemptsLeft: z
      .int()
      .min(0)
      .optional()
      .describe('If the code is not valid: the number of remaining attempts'),
  })
  .meta({
    id: 'OtpVerificationResult',
    description: 'The result of a verification',
    examples: [{ valid: true }, { valid: false, attemptsLeft: 2 }],
  })

export const otpRoutes = (routes: Routes, { otp, idempotent }: { otp: Otp; idempotent: Idempotent }) => {
  routes.sender(
    'otp:write',
    {
      method: 'post',
      path: '/v1/otp',
      operationId: 'sendOtp',
      tag: 'One-time passwords',
      summary: 'Send a one-time password',
      description:
        "Creates a code and sends it with critical priority. The tenant's limits on codes apply. Only a keyed hash of the code is stored.",
      headers: IdempotencyKey,
      body: OtpRequest,
      answers: { 202: { description: 'Accepted for sending', schema: Created } },
      problems: [
        'erased',
        'no_provider',
        'no_address',
        'suppressed',
        'country_not_allowed',
        'rate_limited',
        'stream_full',
        ...DUPLICATES,
      ],
    },
    async ({ c, bytes }, sender) => {
      const raw = await bytes()
      const answer = await idempotent(
        { sender, key: c.req.header('idempotency-key'), route: 'otp', bytes: raw },
        async () => {
          const { to, ...rest } = checked(OtpRequest, parseJson(raw), 'body')
          const { user, ...inline } = typeof to === 'string' ? { user: to } : to
          const { id, expiresAt } = await otp.create(sender.tenant, { user, inline, ...rest })
          return { status: 202, body: { id, expiresAt: new Date(expiresAt).toISOString() } }
        },
      )
      return c.json(answer.body as z.infer<typeof Created>, 202, {
        'cache-control': 'no-store',
        ...(answer.replayed ? { 'idempotency-replayed': 'true' } : {}),
      })
    },
  )

  routes.sender(
    'otp:write',
    {
      method: 'post',
      path: '/v1/otp/verify',
      operationId: 'verifyOtp',
      tag: 'One-time passwords',
      summary: 'Verify a one-time password',
      description:
        'Verifies a code, which is valid once. The response is the same for codes that are wrong, used, expired or unknown.',
      body: OtpVerification,
      answers: { 200: { description: 'The result of the verification', schema: Verdict } },
    },
    async ({ c, body }, { tenant }) => {
      const { id, code } = await body()
      return c.json(await otp.verify(tenant, id, code), 200, { 'cache-control': 'no-store' })
    },
  )
}
