import { verify, X509Certificate } from 'node:crypto'
import type { CallbackRequest } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'

/** A POST of SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const Envelope = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().optional(),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64(),
  SigningCertURL: z.string(),
})
type Envelope = z.infer<typeof Envelope>

/** Reports whether a URL belongs to SNS. Certificates and confirmations are requested from such URLs only. */
export const isSnsUrl = (url: URL): boolean =>
  url.protocol === 'https:' &&
  url.port === '' &&
  url.username === '' &&
  /^sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?$/.test(url.hostname)

/** The signed fields of each type, in order. */
const SIGNED_FIELDS = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const

/** Builds the string that SNS signs: names and values of the signed fields, one per line. */
const stringToSign = (envelope: Envelope): string =>
  SIGNED_FIELDS[envelope.Type]
    .filter((name) => envelope[name] !== undefined)
    .map((name) => `${name}\n${envelope[name]}\n`)
    .join('')

const CERTIFICATES_MAX = 16
const CERTIFICATE_TTL_MS = 86_400_000

const forbidden = (detail: string) => new ProblemError('forbidden', detail)

/**
 * Returns a function that verifies and reads a POST of SNS, and confirms subscriptions. It resolves with the message of a
 * notification, otherwise with undefined. Only one topic is accepted, because anybody with an AWS account can have SNS sign
 * any text. Throws `forbidden` if the signature or the topic is wrong, and `unavailable` if SNS does not respond.
 */
export const snsReader = (isTrusted: (url: URL) => boolean = isSnsUrl) => {
  const certificates = new LRUCache<string, X509Certificate>({
    max: CERTIFICATES_MAX,
    ttl: CERTIFICATE_TTL_MS,
  })

  const get = async (http: Http, url: string | undefined, what: string): Promise<string> => {
    if (url === undefined || !URL.canParse(url) || !isTrusted(new URL(url)))
      throw forbidden(`the URL of the ${what} does not belong to SNS`)
    try {
      const { status, body } = await http.request({ url })
      if (status === 200) return body
      throw new ProblemError(
        'unavailable',
        `SNS responded with HTTP ${status} to the request for the ${what}`,
      )
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      throw new ProblemError('unavailable', `SNS did not respond to the request for the ${what}`, {
        cause: error,
      })
    }
  }

  const certificate = async (http: Http, url: string): Promise<X509Certificate> => {
    const cached = certificates.get(url)
    if (cached) return cached
    const pem = await get(http, url, 'certificate')
    try {
      const fetched = new X509Certificate(pem)
      certificates.set(url, fetched)
      return fetched
    } catch (error) {
      throw new ProblemError('unavailable', 'SNS responded with an invalid certificate', { cause: error })
    }
  }

  return async (
    { body }: CallbackRequest,
    topicArn: string | undefined,
    http: Http,
  ): Promise<string | undefined> => {
    const envelope = readJson(Buffer.from(body).toString('utf8'), Envelope)
    if (!envelope) throw forbidden('the body is not signed by SNS')
    if (topicArn === undefined) throw forbidden('the account has no topicArn to accept reports from')
    if (envelope.TopicArn !== topicArn) throw forbidden('the topic is not the topicArn of the account')
    const { publicKey, validFrom, validTo } = await certificate(http, envelope.SigningCertURL)
    const now = Date.now()
    const valid =
      Date.parse(validFrom) <= now &&
      now < Date.parse(validTo) &&
      verify(
        envelope.SignatureVersion === '1' ? 'sha1' : 'sha256',
        Buffer.from(stringToSign(envelope)),
        publicKey,
        Buffer.from(envelope.Signature, 'base64'),
      )
    if (!valid) throw forbidden('the SNS signature is invalid')
    if (envelope.Type === 'SubscriptionConfirmation') await get(http, envelope.SubscribeURL, 'confirmation')
    return envelope.Type === 'Notification' ? envelope.Message : undefined
  }
}
