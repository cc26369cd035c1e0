import { createPrivateKey } from 'node:crypto'
import { connect } from 'node:net'
import { HttpFailure, type Tools } from '@carillon/core/delivery/provider'
import type { SMTPPoolOptions } from 'nodemailer'
import { z } from 'zod'
import { CallbackSecret } from './smtp-callback.ts'
import { mailbox } from './smtp-mail.ts'

const SETUP_MS = 10_000
const IDLE_MS = 12_000

const isPrivateKey = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

const dkim = z.strictObject({
  domainName: z.string({ error: 'is missing: the domain that signs' }).regex(/^[A-Za-z0-9.-]{1,253}$/),
  keySelector: z
    .string({ error: 'is missing: the selector, as in <selector>._domainkey.<domain>' })
    .regex(/^[A-Za-z0-9._-]{1,63}$/),
  privateKey: z
    .string({ error: 'is missing: the private key' })
    .refine(isPrivateKey, 'must be an RSA private key as PEM'),
})

/** Said beside what else is wrong, not after it is put right. */
const together = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null }

export const SmtpConfig = z
  .strictObject({
    host: z
      .string({ error: 'is missing: the mail server' })
      .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host name or an IP address')
      .describe('The mail server'),
    port: z.int().min(1).max(65_535).default(587).describe('Its port'),
    tls: z
      .enum(['none', 'starttls', 'implicit'])
      .optional()
      .describe(
        'Left out: implicit on port 465; on port 25 without credentials STARTTLS if the server has it; else STARTTLS, always',
      ),
    caCertificate: z
      .string()
      .includes('-----BEGIN CERTIFICATE-----', 'must be a certificate as PEM')
      .optional()
      .describe('What the certificate of the server is checked against, in place of the public authorities'),
    user: z.string().min(1).max(512).optional().describe('The user name, if the server wants one'),
    pass: z.string().min(1).max(4_096).optional().describe('The password of that user'),
    from: mailbox('whom mails come from'),
    replyTo: mailbox('whom answers go to').optional(),
    dkim: dkim.optional().describe('Signs mails (RFC 6376), unless the server does'),
    maxConnections: z.int().min(1).max(50).default(10).describe('Connections kept, by each dispatcher'),
    maxMessages: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(500)
      .describe('Mails sent before a connection is renewed'),
    callbackSecret: CallbackSecret.optional(),
  })
  .refine(({ user, pass }) => user === undefined || pass !== undefined, {
    ...together,
    path: ['pass'],
    error: 'is missing: the password of the user',
  })
  .refine(({ user, pass }) => pass === undefined || user !== undefined, {
    ...together,
    path: ['user'],
    error: 'is missing: whose password it is',
  })
export type SmtpConfig = z.infer<typeof SmtpConfig>

/** How nodemailer asks for a connection. */
export type GetSocket = NonNullable<SMTPPoolOptions['getSocket']>

/** Connects to a checked address of the server; what cannot be reached is a HttpFailure. */
const opener =
  ({ http }: Tools, { host, port }: SmtpConfig): GetSocket =>
  (_, done) => {
    http.resolve(host, port).then((address) => {
      const socket = connect({ host: address, port })
      const fail = (error: Error & { code?: string }) => {
        const [reason, why] =
          error instanceof HttpFailure ? [error.reason, error.message] : ['unreachable' as const, error.code]
        done(new HttpFailure(reason, `no connection to the mail server: ${why}`, false, error))
      }
      socket.once('error', fail)
      socket.setTimeout(SETUP_MS, () => socket.destroy(new HttpFailure('timeout', 'no answer', false)))
      socket.once('connect', () => {
        socket.off('error', fail)
        socket.setTimeout(0)
        socket.removeAllListeners('timeout')
        done(null, { connection: socket })
      })
    }, done)
  }

/**
 * An account's settings as nodemailer's. Connections are opened to addresses that the tools have checked, and TLS checks
 * the name of the host all the same.
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
    // Without AUTH on offer, mails would be sent as anybody's.
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
    getSocket: opener(tools, config),
  }
}

/** RFC 8058, section 4: both List-Unsubscribe headers are signed. */
const SIGNED =
  'From:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:Content-Transfer-Encoding:Auto-Submitted:List-Unsubscribe:List-Unsubscribe-Post'
