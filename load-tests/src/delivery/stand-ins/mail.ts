import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { generate } from 'selfsigned'
import { SMTPServer } from 'smtp-server'
import { freePort } from '../../rig/ports.ts'

/** A mail that was taken: to whom, and what they read. */
type Mail = { to: string[]; email: Email }

/** As an HTTP stand-in's; `refuses` says for good, of every mail, that it does not want it. */
type Conduct = 'works' | 'down' | 'silent' | 'refuses'

const certificate = generate([{ name: 'commonName', value: '127.0.0.1' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ],
})

/** A mail server that wants STARTTLS and a password; `plain`: one that has neither. */
export const mailServer = async ({ plain = false }: { plain?: boolean } = {}) => {
  const { private: key, cert } = await certificate
  const [user, pass] = ['carillon', randomBytes(12).toString('hex')]
  const port = await freePort()
  const taken: Mail[] = []
  let read = 0
  let conduct: Conduct = 'works'
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
        const raw = await buffer(stream)
        read++
        if (conduct === 'silent') return
        if (conduct === 'refuses')
          return done(Object.assign(new Error('5.7.1 not wanted here'), { responseCode: 554 }))
        taken.push({ to: envelope.rcptTo.map(({ address }) => address), email: await PostalMime.parse(raw) })
        done()
      },
    })
    // Clients that go away in the middle are what some scenarios are about.
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
    taken: taken as readonly Mail[],
    /** How many mails were read to their end, taken or not. */
    asked: () => read,
    /** What to store as the account. */
    account: {
      provider: 'smtp',
      config: {
        host: '127.0.0.1',
        port,
        ...(plain ? {} : { tls: 'starttls', caCertificate: cert, user, pass }),
        from: { email: 'bell@acme.example', name: 'Acme' },
      },
    },
    behave: async (next: Conduct): Promise<void> => {
      if (next === 'down') await close()
      else if (!server) await open()
      conduct = next
    },
    close,
  }
}
