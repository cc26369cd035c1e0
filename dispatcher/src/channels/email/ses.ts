import type { Outcome, Outgoing, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { WebUrl, withoutTrailingSlash } from '@carillon/schemas'
import { AwsV4Signer } from 'aws4fetch'
import MailComposer from 'nodemailer/lib/mail-composer'
import { z } from 'zod'
import { credential } from '../config.ts'
import { oneLine, outcomeOfFailure, outcomeOfStatus, outcomeOfSuccess, retryAfterMs } from '../outcome.ts'
import { mailComposer, sendersOf } from './compose.ts'
import { INVALID_ADDRESS, type Mailbox, mailbox, recipientOf } from './mailbox.ts'
import { sesReports } from './ses-events.ts'
import { snsReader } from './sns.ts'

const SesConfig = z.strictObject({
  region: z
    .string({ error: 'is missing: the AWS region, such as eu-west-1' })
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, such as eu-west-1')
    .describe('The AWS region'),
  accessKeyId: credential('the id of an access key with the permission ses:SendRawEmail'),
  secretAccessKey: credential('the secret of that access key'),
  sessionToken: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe('The session token of temporary credentials'),
  from: mailbox('the sender'),
  replyTo: mailbox('the reply-to address').optional(),
  configurationSet: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .describe('The configuration set, which defines the events that SES publishes and their topic'),
  topicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/, 'must be the ARN of an SNS topic')
    .optional()
    .describe('The SNS topic that reports are accepted from. Without it, reports are rejected'),
  baseUrl: WebUrl.transform(withoutTrailingSlash)
    .optional()
    .describe('The base URL of the API, by default https://email.<region>.amazonaws.com'),
})
type SesConfig = z.infer<typeof SesConfig>

type ErrorMeaning = { outcome: 'retry' | 'refused' | 'account'; reason: string; scope?: 'account' }

/** Errors of SendEmail and common errors: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html */
const ERRORS: Record<string, ErrorMeaning> = {
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
  // The sending rate and the daily quota are limits of the account.
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

/**
 * Returns the error type, such as `MessageRejected`. The header has the form `MessageRejected:http://…`, the body
 * `com.amazon…#MessageRejected`.
 */
const errorType = ({ headers, body }: HttpAnswer): string => {
  const type = headers['x-amzn-errortype'] ?? readJson(body, Failed)?.__type ?? ''
  return type.split(':', 1)[0]?.split('#').at(-1) ?? ''
}

const outcomeOf = (answer: HttpAnswer): Outcome => {
  if (answer.status === 200) return outcomeOfSuccess(readJson(answer.body, Sent)?.MessageId)
  const type = errorType(answer)
  const failed = readJson(answer.body, Failed)
  const text = failed?.message ?? failed?.Message ?? ''
  // In the sandbox, or with an unverified sender, SES rejects every message: the account is at fault.
  const unverified = type === 'MessageRejected' && /not verified/i.test(text)
  const meaning = unverified ? ERRORS.MailFromDomainNotVerifiedException : ERRORS[type]
  if (!meaning || answer.status >= 500) return outcomeOfStatus(answer, type)
  const afterMs = retryAfterMs(answer.headers)
  const detail = oneLine(`HTTP ${answer.status} ${type}`)
  return meaning.outcome === 'refused'
    ? { ...meaning, outcome: 'refused', detail }
    : { ...meaning, outcome: meaning.outcome, detail, ...(afterMs ? { afterMs } : {}) }
}

/** Returns the envelope. With it, SES ignores the addresses in the headers of a raw message. */
const destinationOf = ({ extras }: Outgoing, to: Mailbox) => {
  const { cc = [], bcc = [] } = extras ?? {}
  return {
    ToAddresses: [to.email],
    ...(cc.length > 0 && { CcAddresses: cc.map(({ email }) => email) }),
    ...(bcc.length > 0 && { BccAddresses: bcc.map(({ email }) => email) }),
  }
}

const open = (config: SesConfig, { http }: Tools): Sender => {
  const { region, accessKeyId, secretAccessKey, sessionToken, configurationSet } = config
  const url = `${config.baseUrl ?? `https://email.${region}.amazonaws.com`}/v2/email`
  const compose = mailComposer(config)
  const cache = new Map<string, ArrayBuffer>() // signing keys by date

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
      const to = recipientOf(message.address)
      if (!to) return INVALID_ADDRESS
      const raw = await new MailComposer(compose(message, to)).compile().build()
      const body = JSON.stringify({
        FromEmailAddress: sendersOf(message, config).from.email,
        Destination: destinationOf(message, to),
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
          `SES rejected the credentials (${errorType(answer)}): check region, accessKeyId and secretAccessKey, and that the key has the permission ses:GetAccount`,
        )
      if (answer.status !== 200)
        throw new Error(
          `SES responded with HTTP ${answer.status} ${errorType(answer)}: check region and baseUrl`,
        )
      if (!readJson(answer.body, Account)?.SendingEnabled)
        throw new Error('SES has paused sending for this account: see the SES console')
    },
    close: async () => {},
  }
}

/** Amazon SES, API v2, with reports over SNS. `isTrusted` reports whether a URL belongs to SNS. */
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
    // An SNS message has up to 256 KiB; as a string inside JSON it can be longer.
    callbackMaxBytes: 1_024 * 1_024,
  }
}

export const ses = sesProvider()
