import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createHttp } from '@carillon/core/delivery/http'
import { generate } from 'selfsigned'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'

/** What `mail.example.test`, an address of this machine, shows; nobody but who is given `cert` trusts it. */
export const certificate = async (): Promise<{ key: string; cert: string }> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'mail.example.test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'mail.example.test' }] },
    ],
  })
  return { key, cert }
}

/** Finds every host on this machine, which the operator allows. */
export const localMail = createHttp({ allow: ['127.0.0.1'], lookup: async () => ['127.0.0.1'] })

/** A mail as a server got it: its envelope, and the message as it came. */
type Received = { from: string; to: string[]; secure: boolean; user?: string; raw: string }

/** Nodemailer's smtp-server on a free port: keeps what it is sent. */
export const mailServer = async (
  options: SMTPServerOptions = {},
): Promise<{ port: number; mails: Received[]; connections(): number; close(): Promise<void> }> => {
  const mails: Received[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    onConnect: (_: SMTPServerSession, done: () => void) => {
      connections += 1
      done()
    },
    onData: async (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      mails.push({
        from: envelope.mailFrom ? envelope.mailFrom.address : '',
        to: envelope.rcptTo.map(({ address }) => address),
        secure,
        user: user as string | undefined,
        raw: Buffer.concat(chunks).toString('latin1'),
      })
      done()
    },
    ...options,
  })
  server.on('error', () => {}) // a client that goes away in the middle is what some tests are about
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    mails,
    connections: () => connections,
    close: () => new Promise((done) => server.close(done)),
  }
}

/** What a scripted server answers with at a stage, or does instead. */
type Reply = string | 'drop' | 'hang' | 'trickle' | 'endless'
type Stage = 'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | '.' | 'RSET' | 'QUIT'

const GOOD: Record<Stage, string> = {
  greeting: '220 mail.example.test',
  EHLO: '250-mail.example.test\r\n250 ENHANCEDSTATUSCODES',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  '.': '250 2.0.0 taken',
  RSET: '250 2.0.0 ok',
  QUIT: '221 2.0.0 bye',
}

/** A server that says what it is told to, one reply a stage, in the clear. `replies` may be changed between mails. */
export const scriptedServer = async (
  replies: Partial<Record<Stage, Reply>>,
): Promise<{ port: number; taken: string[]; hangUp(): void; close(): Promise<void> }> => {
  const taken: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let text = ''
    let inMessage = false
    const answer = (stage: Stage) => {
      const reply = replies[stage] ?? GOOD[stage]
      if (reply === 'drop') return socket.destroy()
      if (reply === 'hang') return
      if (reply === 'trickle') {
        const timer = setInterval(() => socket.write('2'), 20)
        return socket.on('close', () => clearInterval(timer))
      }
      if (reply === 'endless') {
        const more = () => {
          while (!socket.destroyed && socket.write(`250-${'x'.repeat(1_000)}\r\n`));
        }
        more()
        return socket.on('drain', more)
      }
      inMessage = stage === 'DATA' && reply.startsWith('354')
      socket.write(`${reply}\r\n`)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf(inMessage ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const read = text.slice(0, end)
        text = text.slice(end + (inMessage ? 5 : 2))
        if (inMessage) taken.push(read)
        const stage = inMessage ? '.' : (read.slice(0, 4).toUpperCase().trim() as Stage)
        inMessage = false
        answer(stage)
      }
    })
    answer('greeting')
  })
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    hangUp,
    close: async () => {
      hangUp()
      await new Promise((done) => server.close(done))
    },
  }
}
