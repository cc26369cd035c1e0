import type { HttpFailure } from '@carillon/core/http/port'

/** An error of nodemailer. */
export type SmtpError = Error & {
  code?: string
  originalCode?: string
  command?: string
  /** OpenSSL's error text. `message` also contains positions in OpenSSL's source. */
  reason?: string
  response?: string
  responseCode?: number
}

type Advice = { applies(error: SmtpError): boolean; text: string }

const textOf = ({ response = '', message }: SmtpError) => `${response} ${message}`
const tlsCode = (pattern: RegExp) => (error: SmtpError) => pattern.test(error.originalCode ?? '')

const isLoginRejected = ({ code, responseCode }: SmtpError) => code === 'EAUTH' || responseCode === 530

/** Advice on the account's settings. The first entry that applies is used. */
const ADVICE: readonly Advice[] = [
  {
    applies: ({ code, command }) => code === 'ETLS' && command === 'STARTTLS',
    text: 'the server does not offer STARTTLS: set tls to "none" to send without encryption',
  },
  {
    applies: tlsCode(/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/),
    text: 'the server does not use TLS on this port: set tls to "starttls" or "none", or change port',
  },
  {
    applies: tlsCode(/ALTNAME_INVALID/),
    text: 'the certificate is issued for another name: set host to a name in the certificate',
  },
  { applies: tlsCode(/CERT_HAS_EXPIRED/), text: 'the certificate has expired: renew it on the server' },
  {
    applies: tlsCode(/SELF_SIGNED|UNABLE_TO|ISSUER|SIGNATURE/),
    text: 'the certificate is not issued by a trusted authority: set caCertificate',
  },
  {
    applies: tlsCode(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/),
    text: 'the server does not support TLS 1.2: update the server',
  },
  {
    applies: (error) => error.code === 'ETIMEDOUT' && /greeting/i.test(error.message),
    text: 'the server sends no greeting: check port, and set tls to "implicit" if the port uses implicit TLS',
  },
  {
    applies: (error) =>
      error.responseCode === 538 || (isLoginRejected(error) && /STARTTLS|encrypt/i.test(textOf(error))),
    text: 'the server requires encryption: set tls to "starttls"',
  },
  {
    applies: (error) => error.code === 'EAUTH' && [500, 502, 503, 504].includes(error.responseCode ?? 0),
    text: 'the server does not accept credentials on this port: remove user and pass, or change port',
  },
  {
    applies: (error) => error.responseCode === 530,
    text: 'the server requires credentials: set user and pass',
  },
  {
    applies: ({ code }) => code === 'EAUTH',
    text: 'the server rejected the credentials: check user and pass',
  },
]

/** Returns which setting to change; undefined if the error does not concern the settings. */
export const smtpAdvice = (error: SmtpError): string | undefined =>
  ADVICE.find(({ applies }) => applies(error))?.text

/** Returns which setting to change if no connection could be made. */
export const connectAdvice = ({ reason, message }: HttpFailure): string => {
  if (reason === 'refused_target')
    return 'private addresses must be allowed by the operator: set CARILLON_ALLOWED_TARGETS'
  if (/looked up|no address/.test(message)) return 'check host'
  return 'check host and port'
}
