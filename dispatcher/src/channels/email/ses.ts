import type { HttpAnswer, Outcome, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import { WebUrl, withoutTrailingSlash } from '@carillon/schemas'
import { AwsV4Signer } from 'aws4fetch'
import MailComposer from 'nodemailer/lib/mail-composer'
import { z } from 'zod'
import { credential, readJson } from '../api.ts'
import { oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { sesReports } from './ses-events.ts'
import { INVALID_ADDRESS, mailbox, mailComposer, recipient } from './smtp-mail.ts'
import { snsReader } from './sns.ts'

const SesConfig = z.strictObject({
  region: z
    .string({ error: 'is missing: the AWS region, such as eu-west-1' })
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, such as eu-west-1')
    .describe('The AWS region'),
  accessKeyId: credential('the id of an access key that may ses:SendRawEmail'),
  secretAccessKey: credential('the secret of that access key'),
  sessionToken: z.string().min(1).max(4_096).optional().describe('With temporary credentials'),
  from: mailbox('whom mails come from'),
  replyTo: mailbox('whom answers go to').optional(),
  configurationSet: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .describe('The configuration set, which says what SES reports and to which topic'),
  topicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/, 'must be the ARN of an SNS topic')
    .optional()
    .describe('The SNS topic that reports come from; without it none are taken'),
  baseUrl: WebUrl.transform(withoutTrailingSlash)
    .optional()
    .describe('Where the API is, if not at https://email.<region>.amazonaws.com'),
})
type SesConfig = z.infer<typeof SesConfig>

type Meaning = { outcome: 'retry' | 'refused' | 'account'; reason: string; scope?: 'account' }

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors and the common ones. */
const MEANINGS: Record<string, Meaning> = {
  AccountSuspendedException: { outcome: 'account', reason: 'suspended' },
  SendingPausedException: { outcome: 'account', reason: 'suspended' },
  MailFromDomainNotVerifiedException: { outcome: 'account', reason: 'not_verified' },
  LimitExceededException: { outcome: 'account', reason: 'quota' },
  NotFoundException: { outcome: 'account', reason: 'not_found' },
  AccessDeniedException: { outcome: 'account', reason: 'not_authorized' },
  ExpiredTokenException: { outcome: 'account', reason: 'not_authorized' },
  IncompleteSignature: { outcome: 'account', reason: 'not_authorized' },
  InvalidClientTokenId: { outcome: 'account', reason: 'not_authorized' },
  InvalidSignatureException: { outcome: 'account', reason: 'not_authorized' },
  MissingAuthenticationToken: { outcome: 'account', reason: 'not_authorized' },
  SignatureDoesNotMatch: { outcome: 'account', reason: 'not_authorized' },
  UnrecognizedClientException: { outcome: 'account', reason: 'not_authorized' },
  // Sending rates and daily quotas are the account's.
  TooManyRequestsException: { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
  Throttling: { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
  ThrottlingException: { outcome: 'retry', reason: 'rate_limited', scope: 'account' },
  RequestTimeTooSkewed: { outcome: 'retry', reason: 'clock_skewed' },
  BadRequestException: { outcome: 'refused', reason: 'refused' },
  MessageRejected: { outcome: 'refused', reason: 'content_refused' },
}

const Sent = z.object({ MessageId: z.string().min(1).max(128) })
const Failed = z.object({
  __type: z.string().optional(),
  message: z.string().optional(),
  Message: z.string().optional(),
})
const Account = z.object({ SendingEnabled: z.boolean() })

/** `MessageRejected`, of `MessageRejected:http://…` in the header or `com.amazon…#MessageRejected` in the body. */
const typeOf = ({ headers, body }: HttpAnswer): string => {
  const given = headers['x-amzn-errortype'] ?? readJson(body, Failed)?.__type ?? ''
  return given.split(':', 1)[0]?.split('#').at(-1) ?? ''
}

const outcomeOf = (answer: HttpAnswer): Outcome => {
  if (answer.status === 200) {
    const id = readJson(answer.body, Sent)?.MessageId
    return id === undefined
      ? { outcome: 'doubt', reason: 'unreadable_answer', detail: 'the answer names no message' }
      : { outcome: 'sent', id }
  }
  const type = typeOf(answer)
  const said = readJson(answer.body, Failed)
  const words = said?.message ?? said?.Message ?? ''
  // In the sandbox, and for a sender that is not verified, SES rejects the message but means the account.
  const unverified = type === 'MessageRejected' && /not verified/i.test(words)
  const meaning = unverified ? MEANINGS.MailFromDomainNotVerifiedException : MEANINGS[type]
  if (!meaning || answer.status >= 500) return outcomeOfStatus(answer, type)
  const afterMs = retryAfterMs(answer.headers)
  const detail = oneLine(`HTTP ${answer.status} ${type}`)
  return meaning.outcome === 'refused'
    ? { ...meaning, outcome: 'refused', detail }
    : { ...meaning, outcome: meaning.outcome, detail, ...(afterMs ? { afterMs } : {}) }
}

const open = (config: SesConfig, { http }: Tools): Sender => {
  const { region, accessKeyId, secretAccessKey, sessionToken, configurationSet } = config
  const url = `${config.baseUrl ?? `https://email.${region}.amazonaws.com`}/v2/email`
  const compose = mailComposer(config)
  const cache = new Map<string, ArrayBuffer>() // of signing keys, one a day

  const request = async (method: 'GET' | 'POST', path: string, body?: string, signal?: AbortSignal) => {
    const signed = await new AwsV4Signer({
      method,
      url: `${url}${path}`,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body,
      accessKeyId,
      secretAccessKey,
      sessionToken,
      service: 'ses',
      region,
      cache,
    }).sign()
    return http.request({
      method,
      url: signed.url.href,
      headers: Object.fromEntries(signed.headers),
      body,
      signal,
    })
  }

  return {
    async send(message, signal) {
      const to = recipient(message.address)
      if (!to) return INVALID_ADDRESS
      const raw = await new MailComposer(compose(message, to)).compile().build()
      const body = JSON.stringify({
        FromEmailAddress: config.from.email,
        Destination: { ToAddresses: [to.email] },
        Content: { Raw: { Data: raw.toString('base64') } },
        ...(configurationSet && { ConfigurationSetName: configurationSet }),
      })
      try {
        return outcomeOf(await request('POST', '/outbound-emails', body, signal))
      } catch (error) {
        return outcomeOfFailure(error)
      }
    },
    async verify() {
      const answer = await request('GET', '/account')
      if (answer.status === 401 || answer.status === 403)
        throw new Error(
          `SES refuses the credentials (${typeOf(answer)}): check region, accessKeyId and secretAccessKey, and that the key may ses:GetAccount`,
        )
      if (answer.status !== 200)
        throw new Error(`SES answers HTTP ${answer.status} ${typeOf(answer)}: check region and baseUrl`)
      if (!readJson(answer.body, Account)?.SendingEnabled)
        throw new Error('SES has paused sending for this account: see the SES console')
    },
    close: async () => {},
  }
}

/** Amazon SES, API v2, and its reports by SNS. `isTrusted`: which URLs are SNS's own. */
export const sesProvider = (isTrusted?: (url: URL) => boolean): Provider<SesConfig> => {
  const readSns = snsReader(isTrusted)
  return {
    name: 'ses',
    channels: ['email'],
    config: SesConfig,
    repeatable: false,
    concurrency: 32,
    needs: () => 'email',
    open,
    async callback(request, { topicArn }, { http }) {
      const message = await readSns(request, topicArn, http)
      return { reports: message === undefined ? [] : sesReports(message) }
    },
    // A message of SNS has up to 256 KiB, and is a string of JSON within JSON here.
    callbackMaxBytes: 1_024 * 1_024,
  }
}

export const ses = sesProvider()
