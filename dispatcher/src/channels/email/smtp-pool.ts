import { createPrivateKey } from 'node:crypto'
import { connect } from 'node:net'
import type { Tools } from '@carillon/core/delivery/provider'
import { HttpFailure } from '@carillon/core/http/port'
import type { SMTPPoolOptions } from 'nodemailer'
import { z } from 'zod'
import { reportTogether } from '../config.ts'
import { mailbox } from './mailbox.ts'
import { CallbackSecret } from './smtp-callback.ts'

const SETUP_MS = 10_000
const IDLE_MS = 12_000

const isRsaKey = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

const dkim = z.strictObject({
  domainName: z.string({ error: 'is missing: the signing domain' }).regex(/^[A-Za-z0-9.-]{1,253}$/),
  keySelector: z
    .string({ error: 'is missing: the selector, as in <selector>._domainkey.<domain>' })
    .regex(/^[A-Za-z0-9._-]{1,63}$/),
  privateKey: z
    .string({ error: 'is missing: the private key' })
    .refine(isRsaKey, 'must be an RSA private key in PEM format'),
})

export const SmtpConfig = z
  .strictObject({
    host: z
      .string({ error: 'is missing: the mail server' })
      .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host name or an IP address')
      .describe('The mail server'),
    port: z.int().min(1).max(65_535).default(587).describe('The port of the mail server'),
    tls: z
      .enum(['none', 'starttls', 'implicit'])
      .optional()
      .describe(
        'By default: implicit on port 465, STARTTLS if offered on port 25 without credentials, otherwise mandatory STARTTLS',
      ),
    caCertificate: z
      .string()
      .includes('-----BEGIN CERTIFICATE-----', 'must be a certificate in PEM format')
      .optional()
      .describe('The CA certificate of the mail server, used instead of the public authorities'),
    user: z.string().min(1).max(512).optional().describe('The user name, if the server requires a login'),
    pass: z.string().min(1).max(4_096).optional().describe('The password'),
    from: mailbox('the sender'),
    replyTo: mailbox('the reply-to address').optional(),
    dkim: dkim.optional().describe('Signs messages with DKIM (RFC 6376), unless the server does'),
    maxConnections: z
      .int()
      .min(1)
      .max(50)
      .default(10)
      .describe('Maximum number of connections per dispatcher'),
    maxMessages: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(500)
      .describe('Messages sent over a connection before it is replaced'),
    callbackSecret: CallbackSecret.optional(),
  })
  .refine(({ user, pass }) => user === undefined || pass !== undefined, {
    ...reportTogether,
    path: ['pass'],
    error: 'is missing: the password of the user',
  })
  .refine(({ user, pass }) => pass === undefined || user !== undefined, {
    ...reportTogether,
    path: ['user'],
    error: 'is missing: the user of the password',
  })
export type SmtpConfig = z.infer<typeof SmtpConfig>

/** The type of nodemailer's connection factory. */
export type GetSocket = NonNullable<SMTPPoolOptions['getSocket']>

/** Connects to an address that the SSRF guard has checked. Fails with `HttpFailure`. */
const guardedSocket =
  ({ http }: Tools, { host, port }: SmtpConfig): GetSocket =>
  (_, done) => {
    http.resolve(host, port).then((address) => {
      const socket = connect({ host: address, port })
      const fail = (error: Error & { code?: string }) => {
        const [reason, cause] =
          error instanceof HttpFailure ? [error.reason, error.message] : ['unreachable' as const, error.code]
        done(new HttpFailure(reason, `cannot connect to the mail server: ${cause}`, false, error))
      }
      socket.once('error', fail)
      socket.setTimeout(SETUP_MS, () => socket.destroy(new HttpFailure('timeout', 'no response', false)))
      socket.once('connect', () => {
        socket.off('error', fail)
        socket.setTimeout(0)
        socket.removeAllListeners('timeout')
        done(null, { connection: socket })
      })
    }, done)
  }

/**
 * Converts an account's config to nodemailer's options. Connections are only made to addresses that the SSRF guard has
 * checked; TLS still verifies the host name.
 */
export const poolOptions = (config: SmtpConfig, tools: Tools): SMTPPoolOptions & { pool: true } => {
  const { host, port, user, pass, from, caCertificate } = config
  const tls = config.tls ?? (port === 465 ? 'implicit' : port === 25 && !user ? 'if offered' : 'starttls')
  return {
    pool: true,
    host,
    port,
    name: from.email.slice(from.email.indexOf('@') + 1),
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(caCertificate ? { ca: caCertificate } : {}) },
    // Fail if the server does not offer AUTH, instead of sending unauthenticated.
    ...(user && { auth: { user, pass }, forceAuth: true }),
    ...(config.dkim && { dkim: { ...config.dkim, headerFieldNames: SIGNED } }),
    maxConnections: config.maxConnections,
    maxMessages: config.maxMessages,
    maxRequeues: 1,
    connectionTimeout: SETUP_MS,
    greetingTimeout: SETUP_MS,
    socketTimeout: IDLE_MS,
    maxResponseSize: 65_536,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket: guardedSocket(tools, config),
  }
}

/** RFC 8058, section 4: both List-Unsubscribe headers are signed. */
const SIGNED =
  'From:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:Content-Transfer-Encoding:Auto-Submitted:List-Unsubscribe:List-Unsubscribe-Post'
