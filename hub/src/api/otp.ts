import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import { Timestamp, TypeKey, text, UserId, UserProfile } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'
import { DUPLICATES, IdempotencyKey, type Idempotent } from '../idempotency/idempotent.ts'
import { OTP_CHANNELS, type Otp } from '../otp/otp.ts'

const OtpRequest = z.strictObject({
  to: z
    .union([
      UserId,
      z.strictObject({ user: UserId, phone: UserProfile.shape.phone, email: UserProfile.shape.email }),
    ])
    .describe('A user id, or a user with an address to remember'),
  channel: z.enum(OTP_CHANNELS).default('sms'),
  length: z.int().min(4).max(10).default(6).describe('Digits'),
  ttlSeconds: z.int().min(60).max(1_800).default(300),
  type: TypeKey.default('otp'),
  name: text(64)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'a name is one line of text')
    .optional()
    .describe('Who asks for the code, as people are told'),
})

const Created = z.object({
  id: z.string().describe('To be given to /v1/otp/verify with the code'),
  expiresAt: Timestamp,
})

const Verdict = z.object({
  valid: z.boolean(),
  attemptsLeft: z.int().optional().describe('When it is not valid: how often another code may be tried'),
})

export const otpRoutes = (routes: Routes, { otp, idempotent }: { otp: Otp; idempotent: Idempotent }) => {
  routes.sender(
    'otp:write',
    {
      method: 'post',
      path: '/v1/otp',
      summary: 'Send a one-time password',
      headers: IdempotencyKey,
      body: OtpRequest,
      answers: { 202: { description: 'It is on its way', schema: Created } },
      problems: [
        'erased',
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
      summary: 'Check a one-time password; a code is good once',
      body: z.strictObject({
        id: z.uuid(),
        code: z.string().regex(/^\d{4,10}$/, 'a code is 4 to 10 digits'),
      }),
      answers: {
        200: {
          description: 'Whether it is valid; the same for codes that are wrong, used, expired or unknown',
          schema: Verdict,
        },
      },
    },
    async ({ c, body }, { tenant }) => {
      const { id, code } = await body()
      return c.json(await otp.verify(tenant, id, code), 200, { 'cache-control': 'no-store' })
    },
  )
}
