import { z } from 'zod'
import { baseUrl, credential, reportTogether } from '../config.ts'

const SID = /^[A-Za-z0-9-]{8,64}$/

export const TwilioConfig = z
  .strictObject({
    accountSid: z
      .string({ error: 'is missing: the Account SID' })
      .regex(SID, 'must be an Account SID')
      .describe('The Account SID'),
    authToken: credential("the account's auth token").optional(),
    apiKey: credential('the SID of an API key, used instead of the auth token').optional(),
    apiSecret: credential('the secret of that API key').optional(),
    from: z
      .string()
      .regex(
        /^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/,
        'must be an E.164 number, a short code or an alphanumeric sender id',
      )
      .optional()
      .describe('The number, short code or sender id that messages are sent from'),
    messagingServiceSid: z
      .string()
      .regex(SID, 'must be a Messaging Service SID')
      .optional()
      .describe('The Messaging Service that chooses the sender'),
    contentSid: z
      .string()
      .regex(SID, 'must be a Content SID')
      .optional()
      .describe(
        'An approved WhatsApp template whose variable 1 is the text. Only a template can start a conversation',
      ),
    baseUrl: baseUrl('https://api.twilio.com'),
  })
  .refine(({ authToken, apiKey }) => authToken !== undefined || apiKey !== undefined, {
    ...reportTogether,
    path: ['authToken'],
    error: 'is missing: the auth token, or an apiKey with its apiSecret',
  })
  .refine(({ apiKey, apiSecret }) => apiKey === undefined || apiSecret !== undefined, {
    ...reportTogether,
    path: ['apiSecret'],
    error: 'is missing: the secret of the apiKey',
  })
  .refine(({ from, messagingServiceSid }) => from !== undefined || messagingServiceSid !== undefined, {
    ...reportTogether,
    path: ['from'],
    error: 'is missing: the sender, or a messagingServiceSid',
  })
export type TwilioConfig = z.infer<typeof TwilioConfig>
