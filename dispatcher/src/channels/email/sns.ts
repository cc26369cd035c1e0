import { verify, X509Certificate } from 'node:crypto'
import { type CallbackRequest, type Http, HttpFailure } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { readJson } from '../api.ts'

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
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

/** Whether a URL is one of SNS itself, over TLS: only those are asked for certificates and confirmations. */
export const isSns = (url: URL): boolean =>
  url.protocol === 'https:' &&
  url.port === '' &&
  url.username === '' &&
  /^sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?$/.test(url.hostname)

const SIGNED = {
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

/** What SNS signs: names and values, a line each, in the order of their names. */
const canonical = (envelope: Envelope): string =>
  SIGNED[envelope.Type]
    .filter((name) => envelope[name] !== undefined)
    .map((name) => `${name}\n${envelope[name]}\n`)
    .join('')

const CERTIFICATES_MAX = 16
const CERTIFICATE_MS = 86_400_000

const forged = (detail: string) => new ProblemError('forbidden', detail)

/**
 * Reads what SNS posts, once its signature holds, and confirms subscriptions. Resolves with the message of a notification,
 * or undefined. Whoever has an AWS account can have SNS sign what they like, so that only one topic is listened to.
 * Throws `forbidden` for what SNS has not signed for that topic, and `unavailable` when SNS does not answer.
 */
export const snsReader = (isTrusted: (url: URL) => boolean = isSns) => {
  const certificates = new LRUCache<string, X509Certificate>({ max: CERTIFICATES_MAX, ttl: CERTIFICATE_MS })

  const get = async (http: Http, url: string | undefined, what: string): Promise<string> => {
    if (url === undefined || !URL.canParse(url) || !isTrusted(new URL(url)))
      throw forged(`the ${what} is not at SNS`)
    try {
      const { status, body } = await http.request({ url })
      if (status === 200) return body
      throw new ProblemError('unavailable', `SNS answers HTTP ${status} for the ${what}`)
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      throw new ProblemError('unavailable', `SNS does not answer for the ${what}`, { cause: error })
    }
  }

  const certificate = async (http: Http, url: string): Promise<X509Certificate> => {
    const known = certificates.get(url)
    if (known) return known
    const pem = await get(http, url, 'certificate')
    try {
      const fetched = new X509Certificate(pem)
      certificates.set(url, fetched)
      return fetched
    } catch (error) {
      throw new ProblemError('unavailable', 'SNS answers with no certificate', { cause: error })
    }
  }

  return async (
    { body }: CallbackRequest,
    topicArn: string | undefined,
    http: Http,
  ): Promise<string | undefined> => {
    const envelope = readJson(Buffer.from(body).toString('utf8'), Envelope)
    if (!envelope) throw forged('the body is not signed by SNS')
    if (topicArn === undefined) throw forged('the account names no topicArn, so that it takes no reports')
    if (envelope.TopicArn !== topicArn) throw forged('the topic is not the one of the account')
    const { publicKey, validFrom, validTo } = await certificate(http, envelope.SigningCertURL)
    const now = Date.now()
    const valid =
      Date.parse(validFrom) <= now &&
      now < Date.parse(validTo) &&
      verify(
        envelope.SignatureVersion === '1' ? 'sha1' : 'sha256',
        Buffer.from(canonical(envelope)),
        publicKey,
        Buffer.from(envelope.Signature, 'base64'),
      )
    if (!valid) throw forged('the signature of SNS does not hold')
    if (envelope.Type === 'SubscriptionConfirmation') await get(http, envelope.SubscribeURL, 'confirmation')
    return envelope.Type === 'Notification' ? envelope.Message : undefined
  }
}
