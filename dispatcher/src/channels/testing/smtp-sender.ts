import { afterEach } from 'vitest'
import { smtp } from '../email/smtp.ts'
import { SmtpConfig } from '../email/smtp-pool.ts'
import { sample, testTools } from './channel.ts'
import { certificate, localMail } from './smtp.ts'

/** Creates SMTP senders for stand-ins. Everything passed to `closing` is closed after each test. */
export const smtpSenders = async () => {
  const tls = await certificate()
  const closers: (() => Promise<void>)[] = []
  const closing = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.close())
    return opened
  }
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  const config = (port: number, more: object = {}): SmtpConfig =>
    SmtpConfig.parse({
      host: 'mail.example.test',
      port,
      from: { email: 'news@example.com', name: 'Acme, Inc.' },
      caCertificate: tls.cert,
      ...more,
    })
  return {
    tls,
    closing,
    config,
    sender: (port: number, more: object = {}, provider = smtp) =>
      closing(provider.open(config(port, more), testTools({ http: localMail }))),
    to: (email: string, name?: string) =>
      sample({ channel: 'email', address: { kind: 'email', email, ...(name !== undefined && { name }) } }),
  }
}
