import type { HttpFailure } from '@carillon/core/delivery/provider'

/** As nodemailer reports what went wrong. */
export type SmtpError = Error & {
  code?: string
  originalCode?: string
  command?: string
  /** OpenSSL's words, which `message` surrounds with places in its source. */
  reason?: string
  response?: string
  responseCode?: number
}

type Advice = { applies(error: SmtpError): boolean; words: string }

const said = ({ response = '', message }: SmtpError) => `${response} ${message}`
const tlsCode = (pattern: RegExp) => (error: SmtpError) => pattern.test(error.originalCode ?? '')

const isRefusedLogin = ({ code, responseCode }: SmtpError) => code === 'EAUTH' || responseCode === 530

/** What a failure to talk to the server means for the account's settings; the first that applies. */
const ADVICE: readonly Advice[] = [
  {
    applies: ({ code, command }) => code === 'ETLS' && command === 'STARTTLS',
    words: 'the server does not offer STARTTLS: set tls to "none" to send without encryption',
  },
  {
    applies: tlsCode(/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/),
    words: 'the server does not speak TLS on this port: set tls to "starttls" or "none", or another port',
  },
  {
    applies: tlsCode(/ALTNAME_INVALID/),
    words: 'the certificate is for another name: set host to a name in the certificate',
  },
  { applies: tlsCode(/CERT_HAS_EXPIRED/), words: 'the certificate has expired: renew it on the server' },
  {
    applies: tlsCode(/SELF_SIGNED|UNABLE_TO|ISSUER|SIGNATURE/),
    words: 'the certificate is not of a trusted authority: set caCertificate',
  },
  {
    applies: tlsCode(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/),
    words: 'the server has no TLS 1.2: update the server',
  },
  {
    applies: (error) => error.code === 'ETIMEDOUT' && /greeting/i.test(error.message),
    words: 'the server sends no greeting: check port; if it is for TLS from the start, set tls to "implicit"',
  },
  {
    applies: (error) =>
      error.responseCode === 538 || (isRefusedLogin(error) && /STARTTLS|encrypt/i.test(said(error))),
    words: 'the server wants encryption first: set tls to "starttls"',
  },
  {
    applies: (error) => error.code === 'EAUTH' && [500, 502, 503, 504].includes(error.responseCode ?? 0),
    words: 'the server takes no credentials here: leave out user and pass, or set another port',
  },
  {
    applies: (error) => error.responseCode === 530,
    words: 'the server wants credentials: set user and pass',
  },
  {
    applies: ({ code }) => code === 'EAUTH',
    words: 'the server refuses the credentials: check user and pass',
  },
]

/** Returns which setting of the account would help; undefined if the failure says nothing about the settings. */
export const smtpAdvice = (error: SmtpError): string | undefined =>
  ADVICE.find(({ applies }) => applies(error))?.words

/** The same for a server that was not reached. */
export const connectAdvice = ({ reason, message }: HttpFailure): string => {
  if (reason === 'refused_target')
    return 'the operator has to allow private addresses: set CARILLON_ALLOWED_TARGETS'
  if (/looked up|no address/.test(message)) return 'check host'
  return 'check host and port'
}
