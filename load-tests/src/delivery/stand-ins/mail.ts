import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { freePort } from '@carillon/core/testing/ports'
import PostalMime, { type Email } from 'postal-mime'
import { generate } from 'selfsigned'
import { SMTPServer } from 'smtp-server'

/** An accepted message with its recipients. */
type Mail = { to: string[]; email: Email }

/** As for HTTP stand-ins; `refuses` rejects every message permanently. */
type Behavior = 'works' | 'down' | 'hangs' | 'refuses'

const certificate = generate([{ name: 'commonName', value: '127.0.0.1' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ],
})

/** Starts a mail server that requires STARTTLS and a password, or neither if `plain`. */
export const mailServer = async ({ plain = false }: { plain?: boolean } = {}) => {
  const { private: key, cert } = await certificate
  const [user, pass] = ['carillon', randomBytes(12).toString('hex')]
  const port = await freePort()
  const accepted: Mail[] = []
  let read = 0
  let behavior: Behavior = 'works'
  let server: SMTPServer | undefined

  const open = async () => {
    const opened = new SMTPServer({
      key,
      cert,
      closeTimeout: 1,
      disableReverseLookup: true,
      ...(plain ? { authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] } : {}),
      onAuth: ({ username, password }, _, done) =>
        username === user && password === pass
          ? done(null, { user })
          : done(new Error('the password is wrong')),
      onData: async (stream, { envelope }, done) => {
        // A process that is killed while it sends closes the connection in the middle.
        const raw = await buffer(stream).catch(() => undefined)
        if (!raw) return
        read++
        if (behavior === 'hangs') return
        if (behavior === 'refuses')
          return done(Object.assign(new Error('5.7.1 rejected'), { responseCode: 554 }))
        accepted.push({
          to: envelope.rcptTo.map(({ address }) => address),
          email: await PostalMime.parse(raw),
        })
        done()
      },
    })
    // Some scenarios close connections early.
    opened.on('error', () => {})
    opened.listen(port, '127.0.0.1')
    await once(opened.server, 'listening')
    server = opened
  }
  const close = async () => {
    const closing = server
    server = undefined
    if (closing) await new Promise<void>((done) => closing.close(() => done()))
  }
  await open()

  return {
    accepted: accepted as readonly Mail[],
    /** The number of messages that were read completely, accepted or not. */
    requests: () => read,
    /** The account to store. */
    account: {
      provider: 'smtp',
      config: {
        host: '127.0.0.1',
        port,
        ...(plain ? {} : { tls: 'starttls', caCertificate: cert, user, pass }),
        from: { email: 'bell@acme.example', name: 'Acme' },
      },
    },
    setBehavior: async (next: Behavior): Promise<void> => {
      if (next === 'down') await close()
      else if (!server) await open()
      behavior = next
    },
    close,
  }
}
